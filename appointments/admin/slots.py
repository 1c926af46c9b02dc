"""Slots as they are: to look at, never to edit."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.site import ReadOnlyAdmin, staff_site
from appointments.models import Slot


class ToComeFilter(admin.SimpleListFilter):
    """To come, unless the past is asked for."""

    title = _("when")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """To come is what nobody has to choose."""
        return [("past", _("Past")), ("all", _("All"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """The first choice, without a value, is called what it is."""
        first, *others = super().choices(changelist)
        yield {**first, "display": _("To come")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Slot]) -> QuerySet[Slot]:
        """Slots of the choice."""
        now = timezone.now()
        if self.value() == "all":
            return queryset
        return queryset.filter(starts_at__lt=now) if self.value() == "past" else queryset.filter(starts_at__gte=now)


@admin.register(Slot, site=staff_site)
class SlotAdmin(ReadOnlyAdmin):
    """One line a slot; hundreds of thousands of them, so nothing here counts them all."""

    post_key_path = "service__post__key"
    list_display = ("local_day", "local_time", "state", "counter__number", "service")
    list_filter = (ToComeFilter, "state", "quota", "service__post", "service__category__kind")
    list_select_related = ("service__post", "service__category", "counter__post")
    search_fields = ("=service__post__key", "=service__slug", "=service__category__code")
    ordering = ("local_day", "local_time", "counter")
    date_hierarchy = "local_day"
    show_full_result_count = False
    list_per_page = 50
    fields = (
        "service", "counter", "local_day", "local_time", "starts_at", "ends_at", "state", "quota", "returned_at"
    )  # fmt: skip
