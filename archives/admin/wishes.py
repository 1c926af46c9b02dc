"""Requests for correction and erasure."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.access import ARCHIVE
from accounts.site import ScopedModelAdmin, staff_site
from archives.models import DataRequest
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
    fields = ("kind", "contact", "text", "language", "made_at", "answer", "answered_at", "answered_by")
    readonly_fields = ("kind", "contact", "text", "language", "made_at", "answered_at", "answered_by")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """An answer is dated, signed and sent."""
        with transaction.atomic():
            if obj.answer:
                obj.answered_at, obj.answered_by = timezone.now(), request.user
                enqueue("data_answered", str(obj.pk))
            obj.save(update_fields=["answer", "answered_at", "answered_by"])
