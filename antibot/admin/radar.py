"""The queue of suspicions, each with its evidence."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import REVIEW
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import ReadOnlyAdmin, staff_site
from antibot.actions.decide_case import DecisionRefusedError, dismiss, notify, uphold
from antibot.actions.object_to_case import objection_until
from antibot.models import Appeal, RadarCase
from antibot.queries.evidence import evidence_of
from antibot.wording import explained


@admin.register(RadarCase, site=staff_site)
class RadarCaseAdmin(ReadOnlyAdmin):
    """A person reads the evidence and decides; nothing is cancelled by the radar."""

    post_key_path = "post_key"
    view_verb = REVIEW
    list_display = ("reference", "post_key", "score", "identities", "state", "objections", "last_seen", "decided_by")
    list_filter = ("state", "post_key")
    search_fields = ("reference",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RadarCase]:
        """With the number of objections that wait for an answer."""
        # A subquery: grouped rows would lose the order of the queue.
        waiting = Appeal.objects.filter(case=OuterRef("pk"), state=Appeal.State.OPEN).order_by()
        count = waiting.values("case").annotate(number=Count("pk")).values("number")
        rows: QuerySet[RadarCase] = super().get_queryset(request).annotate(waiting=Coalesce(Subquery(count), 0))
        return rows

    @admin.display(description=gettext_lazy("objections to answer"), ordering="waiting")
    def objections(self, row: RadarCase) -> int:
        """Objections that wait: nothing is upheld before they are answered."""
        return int(vars(row).get("waiting", 0))

    def get_urls(self) -> list[URLPattern]:
        """One more address: decide."""
        own = path("<int:pk>/decide/", self.admin_site.admin_view(self.decide), name="antibot_radarcase_decide")
        return [own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The evidence page."""
        case = self.get_object(request, object_id)
        if case is None:
            raise Http404
        if not self.has_view_permission(request, case):
            return HttpResponse(status=403)
        now = timezone.now()
        record(request.user, AccessRecord.Action.READ, f"case {case.reference}", now=now, post_key=case.post_key)
        context = self.admin_site.each_context(request) | {
            "title": _("Suspicion %(reference)s") % {"reference": case.reference},
            "case": case,
            "reasons": explained(case.explanation),
            "evidence": evidence_of(case),
            "appeals": Appeal.objects.filter(Q(case=case) | Q(subject__in=[case.reference, *case.subjects])),
            "may_uphold_from": objection_until(case),
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "antibot/admin/case.html", context)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell the people, dismiss, or uphold."""
        case = get_object_or_404(self.get_queryset(request), pk=pk)
        if request.method != "POST" or not self.has_view_permission(request, case):
            return HttpResponse(status=403)
        act, reason, now = request.POST.get("act"), request.POST.get("reason", ""), timezone.now()
        try:
            if act == "notify":
                notify(case.pk, now)
            elif act == "dismiss":
                dismiss(case.pk, reason=reason, by=request.user, now=now)  # type: ignore[arg-type]
            elif act == "uphold":
                uphold(case.pk, reason=reason, by=request.user, now=now)  # type: ignore[arg-type]
        except DecisionRefusedError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, _("Written down."))
        return HttpResponseRedirect(reverse("admin:antibot_radarcase_change", args=[pk]))
