"""What was mended and who pauses. Names are listed nowhere: they stand behind a reference."""

from django.contrib import admin

from accounts.access import AUDIT, VIEW
from accounts.model_admins import ReadOnlyAdmin
from accounts.site import staff_site
from appointments.models import CoolingOff, Correction


@admin.register(Correction, site=staff_site)
class CorrectionAdmin(ReadOnlyAdmin):
    """Typing mistakes that staff mended: which field, how far, why; never what stood there."""

    post_key_path = "person__request__service__post__key"
    view_verb = VIEW
    list_display = ("created_at", "request", "field", "distance", "reason", "author")
    list_filter = ("field",)
    list_select_related = ("person__request",)
    fields = ("field", "distance", "reason", "author", "created_at")
    date_hierarchy = "created_at"

    @admin.display(description="reference")
    def request(self, row: Correction) -> str:
        """Whose request."""
        return row.person.request.reference


@admin.register(CoolingOff, site=staff_site)
class CoolingOffAdmin(ReadOnlyAdmin):
    """How many pauses there are, until when and why; whose they are nobody can read, not even here."""

    view_verb = AUDIT
    list_display = ("identity_scope", "until", "reason")
    list_filter = ("reason", "identity_scope")
    fields = ("identity_scope", "until", "reason")
    date_hierarchy = "until"
