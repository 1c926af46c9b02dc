"""Blocked networks and the objections of people behind them."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import REVIEW, scope_of
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import ReadOnlyAdmin, ScopedModelAdmin, staff_site
from antibot.actions.decide_appeal import decide_appeal, lift_block
from antibot.models import Appeal, NetworkBlock


@admin.register(NetworkBlock, site=staff_site)
class NetworkBlockAdmin(ReadOnlyAdmin):
    """Networks that have to wait; a person may end the wait."""

    post_key_path = "post_key"
    view_verb = REVIEW
    list_display = ("id", "network", "reason", "points", "starts_at", "ends_at", "lifted_at")
    list_filter = ("reason", "post_key")
    fields = ("network", "scope_key", "reason", "points", "starts_at", "ends_at", "lifted_at", "lifted_by")
    actions = ("lift",)

    @admin.action(description=gettext_lazy("End the wait now"), permissions=["view"])
    def lift(self, request: HttpRequest, rows: QuerySet[NetworkBlock]) -> None:
        """End the chosen blocks."""
        now = timezone.now()
        done = sum(lift_block(row.pk, request.user, now) for row in rows)  # type: ignore[arg-type]
        self.message_user(request, _("Ended: %(count)d") % {"count": done})


class DecisionForm(forms.ModelForm):
    """The decision and the answer to the person."""

    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[("", "–"), ("granted", gettext_lazy("granted")), ("declined", gettext_lazy("declined"))],
        required=False,
    )

    class Meta:
        model = Appeal
        fields = ("answer",)
        widgets: ClassVar = {"answer": forms.Textarea(attrs={"rows": 4})}

    def clean(self) -> dict[str, Any]:
        """A refusal needs an answer that the person can read."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("decision") == "declined" and not cleaned.get("answer", "").strip():
            raise forms.ValidationError(_("Say to the person why."))
        return cleaned


@admin.register(Appeal, site=staff_site)
class AppealAdmin(ScopedModelAdmin):
    """Objections: read, decide, answer."""

    post_key_path = "post_key"
    view_verb = REVIEW
    change_verb = REVIEW
    add_verb = None
    form = DecisionForm
    actions = ("forget_sender",)
    list_display = ("reference", "created_at", "state", "block", "case", "decided_by", "decided_at")
    list_filter = ("state", "post_key")
    readonly_fields = (
        "reference",
        "created_at",
        "text",
        "contact",
        "network",
        "subject",
        "block",
        "case",
        "state",
        "decided_by",
    )
    fields = (*readonly_fields, "decision", "answer")

    def has_centre_permission(self, request: HttpRequest) -> bool:
        """Wishes for erasure are answered by the central administration, and nobody else loses sight of who wrote."""
        return scope_of(request.user).everything and super().has_change_permission(request)

    @admin.action(description=gettext_lazy("Erase the address of whoever wrote"), permissions=["centre"])
    def forget_sender(self, request: HttpRequest, rows: QuerySet[Appeal]) -> None:
        """Somebody wishes it (GDPR art. 17): what was told stays, and leads to nobody any more."""
        now = timezone.now()
        for row in rows:
            record(
                request.user, AccessRecord.Action.CHANGE, f"objection {row.reference}", now=now, post_key=row.post_key
            )
        done = rows.update(contact="", contact_index=b"", network="")
        self.message_user(request, _("Addresses erased: %(count)d") % {"count": done})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A decided objection is only read."""
        return super().has_change_permission(request, obj) and (obj is None or obj.state == Appeal.State.OPEN)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What somebody wrote is read by name of the objection, and that leaves a trace."""
        row = self.get_object(request, object_id)
        if row is not None and request.method == "GET" and self.has_view_permission(request, row):
            subject = f"objection {row.reference}"
            record(request.user, AccessRecord.Action.READ, subject, now=timezone.now(), post_key=row.post_key)
        return super().change_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Appeal, form: Any, change: bool) -> None:
        """Decide; without a decision nothing is written."""
        decision = form.cleaned_data["decision"]
        if not decision:
            self.message_user(request, _("Choose a decision."), messages.WARNING)
            return
        decide_appeal(
            obj.pk,
            granted=decision == "granted",
            answer=form.cleaned_data["answer"],
            by=request.user,  # type: ignore[arg-type]
            now=timezone.now(),
        )
