"""The way for people to say that a block or a suspicion is a mistake."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from antibot.actions.index_appeals import appeal_index
from antibot.actions.object_to_case import new_objection_reference
from antibot.challenges.forms import form_for
from antibot.limits.blocks import standing_block
from antibot.limits.caps import use
from antibot.limits.origins import caller
from antibot.models import Appeal
from antibot.purposes import Purpose
from vault.text import canonical


class AppealForm(forms.Form):
    """What happened, and where to answer."""

    text = forms.CharField(
        label=_("What happened? For example: where you are, who shares this connection, what you tried."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    contact = forms.EmailField(label=_("Your e-mail address, if you want an answer"), required=False, max_length=254)
    reference = forms.CharField(
        label=_("Reference of your appointment, if it is about one"), required=False, max_length=40
    )


@never_cache
def appeal(request: HttpRequest) -> HttpResponse:
    """Write an objection. A blocked network may: this page is not behind the gate, only behind the challenge."""
    now = timezone.now()
    form = AppealForm(request.POST or None)
    challenge = form_for(request, Purpose.REPORT, "", request.POST or None, now)
    block = standing_block(caller(request), now)
    context = {"form": form, "challenge": challenge, "wait": block, "refused": False}
    if request.method == "POST" and form.is_valid() and challenge.is_valid():
        if use(request, "appeals", caller(request).key, 10, 3600).over:
            return render(request, "antibot/appeal.html", context | {"refused": True}, status=429)
        written = _write(request, form, now)
        return render(request, "antibot/appeal_done.html", {"reference": written.reference})
    return render(request, "antibot/appeal.html", context, status=200)


def _write(request: HttpRequest, form: AppealForm, now: datetime) -> Appeal:
    who = caller(request)
    block = standing_block(who, now)
    return Appeal.objects.create(
        reference=new_objection_reference(),
        block=block,
        post_key=block.post_key if block else "",
        subject=canonical(form.cleaned_data["reference"]),
        network=who.network,
        contact=form.cleaned_data["contact"],
        contact_index=appeal_index(form.cleaned_data["contact"]),
        language=(get_language() or "fr")[:2],
        text=canonical(form.cleaned_data["text"]),
        created_at=now,
    )
