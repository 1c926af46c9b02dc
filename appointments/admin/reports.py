"""The queue of what people tell about trade in appointments."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import REVIEW, scope_of
from accounts.journal import record
from accounts.model_admins import ScopedModelAdmin
from accounts.models import AccessRecord
from accounts.site import staff_site
from appointments.models import TrafficReport


@admin.register(TrafficReport, site=staff_site)
class TrafficReportAdmin(ScopedModelAdmin):
    """Read, decide, note. What was told cannot be changed; what concerns a post's own people its people never see."""

    post_key_path = "post__key"
    view_verb = REVIEW
    add_verb = None
    change_verb = REVIEW
    list_display = ("received_on", "kind", "medium", "post", "amount", "state", "centre_only")
    list_filter = ("state", "kind", "medium", "post")
    list_select_related = ("post",)
    date_hierarchy = "received_on"
    actions = ("forget_sender",)
    readonly_fields: ClassVar = [
        "reference", "received_on", "kind", "medium", "post", "happened_on", "amount", "story", "contact", "language",
        "centre_only", "decided_by", "decided_at",
    ]  # fmt: skip
    fields: ClassVar = [*readonly_fields[:11], "state", "note", *readonly_fields[11:]]

    def scoped(self, request: HttpRequest, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        rows = super().scoped(request, rows)
        return rows if scope_of(request.user).everything else rows.filter(centre_only=False)

    def has_centre_permission(self, request: HttpRequest) -> bool:
        """Wishes for erasure are answered by the central administration, and nobody else loses sight of who wrote."""
        return scope_of(request.user).everything and self.has_change_permission(request)

    @admin.action(description=gettext_lazy("Erase the address of whoever wrote"), permissions=["centre"])
    def forget_sender(self, request: HttpRequest, rows: models.QuerySet[TrafficReport]) -> None:
        """Somebody wishes it (GDPR art. 17): what was told stays, and leads to nobody any more."""
        now = timezone.now()
        for row in rows:
            record(
                request.user,
                AccessRecord.Action.CHANGE,
                f"report {row.reference}",
                now=now,
                post_key=row.post.key if row.post else "",
            )
        done = rows.update(contact="", contact_index=b"")
        self.message_user(request, _("Addresses erased: %(count)d") % {"count": done})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every look is written down."""
        row = self.get_object(request, object_id)
        if row is not None and self.has_view_permission(request, row):
            key = row.post.key if row.post else ""
            action = AccessRecord.Action.READ if request.method == "GET" else AccessRecord.Action.DECIDE
            record(request.user, action, f"report {row.reference}", now=timezone.now(), post_key=key)
        return super().change_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: TrafficReport, form: Any, change: bool) -> None:
        obj.decided_by = request.user.get_username()
        obj.decided_at = timezone.now()
        super().save_model(request, obj, form, change)
