"""The proof of erasure: runs and journal, for whoever audits."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.access import AUDIT
from accounts.site import ReadOnlyAdmin, staff_site
from archives.models import ErasureEntry, ErasureRun


@admin.register(ErasureRun, site=staff_site)
class ErasureRunAdmin(ReadOnlyAdmin):
    """One row a night; nights that were missed stand on the run that caught up."""

    view_verb = AUDIT
    list_display = (
        "for_day",
        "state",
        "started_at",
        "finished_at",
        "erased_files",
        "missed_nights",
        "stale_files",
        "failure",
    )
    list_filter = ("state",)
    ordering = ("-started_at",)


@admin.register(ErasureEntry, site=staff_site)
class ErasureEntryAdmin(ReadOnlyAdmin):
    """The journal: what, how many, under which rule; nobody's name."""

    view_verb = AUDIT
    list_display = ("at", "what", "profile", "basis", "rows", "first_day", "last_day", "hash")
    list_filter = ("what", "profile", "basis")
    ordering = ("-id",)
    exclude = ("digest",)

    @admin.display(description=_("hash"))
    def hash(self, entry: ErasureEntry) -> str:
        """The beginning of the line's hash."""
        return bytes(entry.digest).hex()[:16]
