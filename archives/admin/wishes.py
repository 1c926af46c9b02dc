"""Requests for correction and erasure."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from accounts.access import ARCHIVE
from accounts.site import ScopedModelAdmin, staff_site
from archives.models import DataRequest
from archives.queries.my_data import references_under
from mailroom.post import enqueue


@admin.register(DataRequest, site=staff_site)
class DataRequestAdmin(ScopedModelAdmin):
    """Read and answered by the central administration: an address belongs to no post."""

    post_key_path = None
    view_verb = ARCHIVE
    add_verb = None
    change_verb = ARCHIVE
    step_up = True
    list_display = ("kind", "made_at", "answered_at", "language")
    list_filter = ("kind",)
    ordering = ("answered_at", "made_at")
    fields = ("kind", "contact", "text", "kept", "language", "made_at", "answer", "answered_at", "answered_by")
    readonly_fields = ("kind", "contact", "text", "kept", "language", "made_at", "answered_at", "answered_by")

    @admin.display(description=_("kept under this address"))
    def kept(self, row: DataRequest) -> str:
        """The references of everything that the address leads to: what the answer is about."""
        found = references_under(row.contact).items()
        lines = [(model._meta.verbose_name_plural, ", ".join(references)) for model, references in found if references]
        return format_html_join(mark_safe("<br>"), "{}: <bdi>{}</bdi>", lines) or "–"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """An answer is dated, signed and sent."""
        with transaction.atomic():
            if obj.answer:
                obj.answered_at, obj.answered_by = timezone.now(), request.user
                enqueue("data_answered", str(obj.pk))
            obj.save(update_fields=["answer", "answered_at", "answered_by"])
