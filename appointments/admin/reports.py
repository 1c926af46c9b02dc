"""The queue of what people tell about trade in appointments."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

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
    readonly_fields: ClassVar = [
        "reference", "received_on", "kind", "medium", "post", "happened_on", "amount", "story", "contact", "language",
        "centre_only", "decided_by", "decided_at",
    ]  # fmt: skip
    fields: ClassVar = [*readonly_fields[:11], "state", "note", *readonly_fields[11:]]

    def scoped(self, request: HttpRequest, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        rows = super().scoped(request, rows)
        return rows if scope_of(request.user).everything else rows.filter(centre_only=False)

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
