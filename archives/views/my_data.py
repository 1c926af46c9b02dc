"""What is held about me: an address, a code, a download; and a wish for correction or erasure."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from antibot import doors
from appointments.forms.contact import CodeForm, ContactForm
from appointments.views.refused import held_back
from archives.models import DataRequest
from archives.queries.my_data import contact_index, held_about
from vault.text import canonical

PURPOSE = "my_data"
_ADDRESS = "my_data_address"


class WishForm(forms.Form):
    """What should be corrected or erased."""

    kind = forms.ChoiceField(
        label=_("What do you ask for?"),
        choices=[("correction", _("Correct my data")), ("erasure", _("Erase my data"))],
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=_("Which data, and what is right instead?"),
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def my_data(request: HttpRequest) -> HttpResponse:
    """The address first; once it is proved, the download and the wish."""
    contact = doors.verified_contact(request, PURPOSE)
    if contact is not None:
        return _wish(request, contact)
    posted = request.method == "POST" and "captcha_refresh" not in request.POST
    form = ContactForm(request.POST if posted else None, hint=_("The one that you gave. We send a code to it."))
    challenge = doors.challenge_form(request, "", request.POST if request.method == "POST" else None, purpose=PURPOSE)
    if posted:
        refusal = doors.may_proceed(request, PURPOSE, "")
        if refusal is not None:
            return held_back(request, refusal, reverse("my-data"))
        if form.is_valid() and challenge.is_valid():
            address = form.cleaned_data["contact"]
            refusal = doors.send_code(request, address, PURPOSE, "", (get_language() or "fr")[:2])
            if refusal is not None and refusal.reason is not doors.Reason.BAD_CONTACT:
                return held_back(request, refusal, reverse("my-data"))
            if refusal is None:
                request.session[_ADDRESS] = address
                return redirect("my-data-code")
            form.add_error("contact", refusal.sentence)
    return render(request, "archives/my_data.html", {"form": form, "challenge": challenge})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def code(request: HttpRequest) -> HttpResponse:
    """The six figures."""
    address = request.session.get(_ADDRESS)
    if not isinstance(address, str):
        return redirect("my-data")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        refusal = doors.check_code(request, address, form.cleaned_data["code"], PURPOSE)
        if refusal is None:
            request.session.pop(_ADDRESS, None)
            return redirect("my-data")
        if refusal.of_network:
            return held_back(request, refusal, reverse("my-data-code"))
        form.add_error("code", refusal.sentence)
    return render(request, "archives/my_data_code.html", {"form": form, "address": address})


def _wish(request: HttpRequest, contact: str) -> HttpResponse:
    form = WishForm(request.POST or None)
    context: dict[str, Any] = {"address": contact, "form": form, "written": "written" in request.GET}
    if request.method == "POST" and form.is_valid():
        refusal = doors.may_proceed(request, PURPOSE, "")
        if refusal is not None:
            return held_back(request, refusal, reverse("my-data"))
        DataRequest.objects.create(
            kind=form.cleaned_data["kind"],
            contact=contact,
            contact_index=contact_index(contact),
            text=canonical(form.cleaned_data["text"]),
            language=(get_language() or "fr")[:2],
            made_at=timezone.now(),
        )
        return redirect(f"{reverse('my-data')}?written=1")
    return render(request, "archives/my_data_open.html", context)


@require_safe
@never_cache
def download(request: HttpRequest) -> HttpResponse:
    """Everything, as JSON: readable by people and machines (GDPR art. 20)."""
    contact = doors.verified_contact(request, PURPOSE)
    if contact is None:
        return redirect("my-data")
    answer = JsonResponse(held_about(contact, timezone.now()), json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer
