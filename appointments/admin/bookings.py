"""Bookings and requests, to look at: found by reference, changed nowhere but on the board and by their own actions."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.model_admins import ReadOnlyAdmin
from accounts.site import staff_site
from appointments.domain.references import spoken
from appointments.models import Booking, Request
from appointments.staff.day_rows import reference_in


class _ByReference(ReadOnlyAdmin):
    """Search by reference as people say it; anything else finds nothing."""

    search_fields = ("reference",)
    search_help_text = _("Reference, with or without dashes")
    show_full_result_count = False
    list_per_page = 50
    list_display_links = None
    reference_paths: tuple[str, ...] = ("reference",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        if not search_term:
            return queryset, False
        reference = reference_in(search_term)
        if reference is None:
            return queryset.none(), False
        wanted = models.Q(*((path, reference) for path in self.reference_paths), _connector=models.Q.OR)
        return queryset.filter(wanted), False


def _link(request: Request) -> str:
    address = reverse("admin:staff_request", args=[request.service.post.key, request.reference])
    return format_html('<a href="{}" dir="ltr">{}</a>', address, spoken(request.reference))


@admin.register(Booking, site=staff_site)
class BookingAdmin(_ByReference):
    """What was given to whom, without names: those stand behind the reference, where every look is written down."""

    post_key_path = "request__service__post__key"
    reference_paths = ("reference", "request__reference")
    list_display = ("of_request", "service", "local_day", "local_time", "state", "origin", "amount", "paid_at")
    list_filter = ("state", "origin", "request__service__post")
    list_select_related = ("request__service__post", "request__service__category")
    date_hierarchy = "local_day"
    fields: ClassVar = [
        "request", "reference", "state", "origin", "local_day", "local_time", "amount_cents", "currency",
        "created_at", "hold_until", "paid_at", "finished_at", "finished_by",
    ]  # fmt: skip

    @admin.display(description=_("reference"))
    def of_request(self, row: Booking) -> str:
        """The reference that the applicant knows."""
        return _link(row.request)

    @admin.display(description=_("service"))
    def service(self, row: Booking) -> str:
        """Post and category."""
        return str(row.request.service)

    @admin.display(description=_("service fee"))
    def amount(self, row: Booking) -> str:
        """With its currency."""
        return f"{row.amount_cents / 100:.2f} {row.currency}"


@admin.register(Request, site=staff_site)
class RequestAdmin(_ByReference):
    """Who asked for what: without names, for the same reason."""

    post_key_path = "service__post__key"
    reference_paths = ("reference", "booking__reference")
    list_display = ("of_request", "service", "state", "ended_reason", "size", "draws_lost", "origin", "entered_at")
    list_filter = ("state", "ended_reason", "origin", "quota", "service__post")
    list_select_related = ("service__post", "service__category")
    date_hierarchy = "entered_at"
    fields: ClassVar = [
        "reference", "service", "state", "ended_reason", "quota", "size", "draws_lost", "priority_draws", "first_day",
        "last_day", "earliest", "latest", "weekdays", "short_notice", "origin", "entered_at", "ended_at",
    ]  # fmt: skip

    @admin.display(description=_("reference"))
    def of_request(self, row: Request) -> str:
        """The reference that the applicant knows."""
        return _link(row)
