"""The second factor of staff: an authenticator app (TOTP, RFC 6238), with recovery codes for a lost phone."""

import base64
import hashlib
import secrets

import django_otp
import segno
from django import forms
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.authenticators import begun, matching
from accounts.presence import tell_if_new
from accounts.profile import speak
from accounts.step_up import is_fresh, second_factor_shown
from mailroom.post import enqueue
from vault.text import canonical, latin_digits

RECOVERY_CODES = 10
APP_DIGITS = 6
_signed_in = login_required(login_url=reverse_lazy("admin:login"))


class TokenForm(forms.Form):
    """Six digits of the app, or a recovery code."""

    token = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "class": "code", "autofocus": True}),
    )

    def clean_token(self) -> str:
        """Digits of any keyboard, spaces and dashes allowed."""
        return latin_digits(canonical(self.cleaned_data["token"])).replace(" ", "").replace("-", "").lower()


def _onward(request: HttpRequest) -> str:
    target = request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return reverse("admin:index")


@never_cache
@_signed_in
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor; people without one are sent to enrol. `?again=1` asks although it was shown before."""
    user = request.user
    now = timezone.now()
    if not TOTPDevice.objects.filter(user_id=user.pk, confirmed=True).exists():
        return HttpResponseRedirect(f"{reverse('admin:two_factor_enrol')}?{request.GET.urlencode()}")
    again = bool(request.GET.get("again"))
    if request.method != "POST" and user.is_verified() and (not again or is_fresh(request, now)):  # type: ignore[union-attr]
        return HttpResponseRedirect(_onward(request))
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = matching(user, _as_stored(form.cleaned_data["token"]))  # type: ignore[arg-type]
        if device is not None:
            return _let_in(request, device)
        form.add_error("token", _("This code is not right or was used before. Wait for the next one and try again."))
    return render(request, "accounts/second_factor.html", {"form": form, "again": again})


def _let_in(request: HttpRequest, device: django_otp.models.Device) -> HttpResponse:
    now = timezone.now()
    django_otp.login(request, device)
    second_factor_shown(request, now)
    tell_if_new(request, request.user, now)  # type: ignore[arg-type]
    if isinstance(device, StaticDevice):
        enqueue("staff_second_factor", str(request.user.pk), payload={"what": "recovery"})
    return speak(HttpResponseRedirect(_onward(request)), request.user.language)  # type: ignore[union-attr]


def _as_stored(code: str) -> str:
    """What the tables know a code as: six digits of the app as they are, a recovery code as 80 bits of its hash.

    A plain hash is enough for codes of 79 random bits (OWASP ASVS 5, 6.5.2); the field takes sixteen signs.
    """
    if len(code) == APP_DIGITS:
        return code
    return base64.b32encode(hashlib.sha256(f"staff recovery code {code}".encode()).digest()[:10]).decode().lower()


def _new_recovery_codes(user_id: int) -> list[str]:
    """Ten codes of 79 random bits, in groups of four; the old ones end. Only their hashes stay here."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    codes = ["".join(secrets.choice(alphabet) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        device, _created = StaticDevice.objects.get_or_create(user_id=user_id, name="recovery", confirmed=True)
        device.token_set.all().delete()
        StaticToken.objects.bulk_create(StaticToken(device=device, token=_as_stored(code)) for code in codes)
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


@never_cache
@_signed_in
def enrol(request: HttpRequest) -> HttpResponse:
    """Enrol an authenticator app. Refused to somebody who has one and has not shown it."""
    user = request.user
    if TOTPDevice.objects.filter(user_id=user.pk, confirmed=True).exists():
        return HttpResponseRedirect(reverse("admin:two_factor"))
    device = begun(user.pk or 0)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if device.verify_token(form.cleaned_data["token"]):
            device.confirmed = True
            device.save(update_fields=["confirmed"])
            enqueue("staff_second_factor", str(user.pk), payload={"what": "enrolled"})
            onward = _let_in(request, device)["Location"]
            codes = _new_recovery_codes(user.pk or 0)
            shown = render(request, "accounts/recovery_codes.html", {"codes": codes, "onward": onward})
            return speak(shown, user.language)  # type: ignore[union-attr]
        form.add_error("token", _("This code is not right. Is the clock of your phone set by the network?"))
    secret = base64.b32encode(device.bin_key).decode()
    # The picture holds the secret: it is drawn here, inside the page, and never fetched from anywhere.
    picture = mark_safe(segno.make(device.config_url, micro=False).svg_inline(scale=5))  # noqa: S308
    return render(request, "accounts/enrol.html", {"form": form, "secret": secret, "picture": picture})


@never_cache
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make ten new recovery codes; the old ones end. Only within minutes of the second factor."""
    if not is_fresh(request, timezone.now()):
        return HttpResponseRedirect(f"{reverse('admin:two_factor')}?again=1&next={request.path}")
    codes = _new_recovery_codes(request.user.pk or 0) if request.method == "POST" else []
    return render(request, "accounts/recovery_codes.html", {"codes": codes, "onward": reverse("admin:index")})


def reset(user_id: int) -> None:
    """Take both devices from somebody who lost phone and codes; they enrol again at the next sign-in."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user_id=user_id).delete()
        StaticDevice.objects.filter(user_id=user_id).delete()
        enqueue("staff_second_factor", str(user_id), payload={"what": "reset"})
