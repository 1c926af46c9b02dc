"""Copies that a claim keeps of erased files: closed to everybody but heads of post, and ended here."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.access import POLICY
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import ReadOnlyAdmin, staff_site
from archives.actions.links import end_copy
from archives.dating import erasure_day
from archives.domain.holder import Holder
from archives.models import FileKey, RestrictedCopy
from archives.sealing import keys_of, unseal

COPY = int(FileKey.Part.RESTRICTED_COPY)


@admin.register(RestrictedCopy, site=staff_site)
class RestrictedCopyAdmin(ReadOnlyAdmin):
    """Opening one is recorded; ending one lets it go with the next night."""

    post_key_path = "post_key"
    view_verb = POLICY
    list_display = ("id", "post_key", "legal_basis", "allowed_from", "gone_from")
    list_filter = ("legal_basis",)
    ordering = ("gone_from", "id")
    fields = ("post_key", "legal_basis", "allowed_from", "gone_from", "held")
    actions = ("end_now",)

    def get_readonly_fields(self, request: HttpRequest, obj: RestrictedCopy | None = None) -> tuple[str, ...]:
        """All of them; the sealed value is opened for whoever looks at one copy, and that is recorded."""
        if obj is not None and request.user.is_authenticated:
            subject = f"restricted copy {obj.pk}"
            record(request.user, AccessRecord.Action.READ, subject, now=timezone.now(), post_key=obj.post_key)
        return self.fields

    @admin.display(description=_("holder"))
    def held(self, copy: RestrictedCopy) -> str:
        """What is kept, one line each."""
        key = keys_of([copy.pk], [COPY]).get((copy.pk, COPY))
        if key is None:
            return gettext("not readable")
        holder = Holder.from_mapping(unseal(bytes(copy.sealed), (copy.pk, COPY), key))
        return "\n".join(f"{name}: {value}" for name, value in holder.as_mapping().items())

    @admin.action(description=_("The claim is over: erase these copies tonight"), permissions=["view"])
    def end_now(self, request: HttpRequest, copies: QuerySet[RestrictedCopy]) -> None:
        """The claim is over."""
        now = timezone.now()
        for copy in copies:
            end_copy(copy.pk, erasure_day(now))
            record(
                request.user,
                AccessRecord.Action.CHANGE,
                f"restricted copy {copy.pk}: end",
                now=now,
                post_key=copy.post_key,
            )
        messages.success(request, gettext("These copies go with the next night."))
