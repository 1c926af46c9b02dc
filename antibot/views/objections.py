"""The page behind the link of a notice: what was seen, until when one may object, and the way to do it."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from antibot.actions.object_to_case import case_of, objection_of, objection_until, read_link, write_objection
from antibot.limits.caps import use
from antibot.limits.origins import caller
from antibot.models import RadarCase
from antibot.wording import explained
from vault.text import canonical

AN_HOUR = 10  # objections of one network


class ObjectionForm(forms.Form):
    """What the person wants the post to know."""

    text = forms.CharField(
        label=_("Why is it a mistake? For example: who you are to one another, who helped you to book."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


@never_cache
def objection(request: HttpRequest, token: str) -> HttpResponse:
    """Read and object. The signed link is the key: no code, no picture, and a blocked network may come here."""
    told = read_link(token)
    case = case_of(told) if told else None
    if told is None or case is None or case.notified_at is None:
        raise Http404
    form = ObjectionForm(request.POST or None)
    refused = False
    if request.method == "POST" and form.is_valid():
        who = caller(request)
        refused = use(request, "appeals", who.key, AN_HOUR, 3600).over
        if not refused:
            write_objection(
                told,
                text=canonical(form.cleaned_data["text"]),
                language=(get_language() or "fr")[:2],
                network=who.network,
                now=timezone.now(),
            )
            return redirect("antibot:objection", token)
    context = {
        "form": form,
        "refused": refused,
        "case": case,
        "seen": [sentence for sentence, _points in explained(case.explanation)],
        "until": objection_until(case),
        "late": timezone.now() >= (objection_until(case) or timezone.now()),
        "open": case.state == RadarCase.State.NOTIFIED,
        "written": objection_of(told),
    }
    return render(request, "antibot/objection.html", context, status=429 if refused else 200)
