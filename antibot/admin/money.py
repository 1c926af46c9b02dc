"""Payments, what came in, vouchers, and whether it all agrees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import AUDIT, CONFIGURE, scope_of
from accounts.site import ReadOnlyAdmin, ScopedModelAdmin, staff_site
from antibot.actions.import_vouchers import BadVoucherListError, digests_in, import_vouchers
from antibot.models import Charge, Payment, PaymentEvent, VoucherBatch
from antibot.queries.reconciliation import disagreements, totals

REPORT_DAYS = 31


class ChargeInline(admin.TabularInline):
    """Money that came in for a payment."""

    model = Charge
    extra = 0
    can_delete = False
    fields = (
        "gateway",
        "reference",
        "amount_cents",
        "currency",
        "state",
        "refund_reason",
        "received_at",
        "refunded_at",
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Money is booked by messages of gateways alone."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the payment."""
        return bool(staff_site._registry[Payment].has_view_permission(request, obj))


@admin.register(Payment, site=staff_site)
class PaymentAdmin(ReadOnlyAdmin):
    """Demands for payment."""

    post_key_path = "post_key"
    list_display = ("public_id", "post_key", "amount_cents", "currency", "state", "asked_at", "deadline", "paid_at")
    list_filter = ("state", "post_key", "currency")
    search_fields = ("public_id",)
    inlines: ClassVar = [ChargeInline]
    change_list_template = "antibot/admin/payments.html"

    def get_urls(self) -> list[URLPattern]:
        """One more page: the report."""
        own = path("report/", self.admin_site.admin_view(self.report), name="antibot_payment_report")
        return [own, *super().get_urls()]

    def report(self, request: HttpRequest) -> HttpResponse:
        """Sums of the last month within the person's posts, and, for those who see all, every disagreement."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        now = timezone.now()
        scope = scope_of(request.user)
        charges: QuerySet[Charge] = Charge.objects.all()
        if not scope.everything:
            charges = charges.filter(payment__post_key__in=scope.post_keys)
        context = self.admin_site.each_context(request) | {
            "title": _("Money of the last %(days)d days") % {"days": REPORT_DAYS},
            "totals": totals(now - timedelta(days=REPORT_DAYS), now, charges),
            "disagreements": list(disagreements(now)) if scope.everything else None,
        }
        return render(request, "antibot/admin/report.html", context)


@admin.register(Charge, site=staff_site)
class ChargeAdmin(ReadOnlyAdmin):
    """Money received; what belongs to no demand is seen by the centre."""

    post_key_path = "payment__post_key"
    list_display = ("id", "gateway", "amount_cents", "currency", "state", "refund_reason", "received_at", "refunded_at")
    list_filter = ("state", "gateway", "currency")
    exclude = ("instrument_index",)


@admin.register(PaymentEvent, site=staff_site)
class PaymentEventAdmin(ReadOnlyAdmin):
    """Every message of a gateway."""

    view_verb = AUDIT
    list_display = ("gateway", "kind", "outcome", "amount_cents", "currency", "occurred_at", "received_at")
    list_filter = ("gateway", "outcome")


class BatchForm(forms.ModelForm):
    """A batch with its hashes."""

    digests = forms.CharField(
        label=gettext_lazy("SHA-256 of each voucher in hexadecimal, one a line"),
        max_length=5_000_000,
        widget=forms.Textarea(attrs={"rows": 12}),
    )

    class Meta:
        model = VoucherBatch
        fields = ("label", "post_key", "amount_cents", "currency", "valid_until")

    def clean_digests(self) -> list[str]:
        """The hashes. Raises ValidationError naming the first bad line."""
        try:
            return digests_in(self.cleaned_data["digests"])
        except BadVoucherListError as error:
            raise forms.ValidationError(
                _("This list cannot be taken over: line %(line)s.") % {"line": error}
            ) from error


@admin.register(VoucherBatch, site=staff_site)
class VoucherBatchAdmin(ScopedModelAdmin):
    """Vouchers that a bank or post office sells."""

    post_key_path = "post_key"
    add_verb = CONFIGURE
    change_verb = None
    form = BatchForm
    list_display = ("label", "post_key", "amount_cents", "currency", "valid_until", "imported_at")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The hashes are asked for once and never shown."""
        own = ("label", "post_key", "amount_cents", "currency", "valid_until")
        return own if obj else (*own, "digests")

    def save_model(self, request: HttpRequest, obj: VoucherBatch, form: Any, change: bool) -> None:
        """Write the batch and its vouchers in the transaction of the admin."""
        obj.imported_by, obj.imported_at = request.user, timezone.now()  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
        import_vouchers(obj, form.cleaned_data["digests"])
