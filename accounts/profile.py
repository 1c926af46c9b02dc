"""One's own account: the language of pages and letters, where one is signed in, and ending a session elsewhere."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils import timezone, translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import presence
from accounts.models import Language, SignIn, User


class ProfileForm(forms.Form):
    """What people change about themselves; role and posts are given by a second person."""

    language = forms.ChoiceField(
        label=_("Language of your pages and letters"), choices=Language.choices, widget=forms.RadioSelect
    )


def speak(answer: HttpResponse, language: str) -> HttpResponse:
    """Let the browser of `answer` see all pages in `language` from now on."""
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
    return answer


@never_cache
@login_required(login_url=reverse_lazy("admin:login"))
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Read and change it; `end=1` ends every other session of this account."""
    user = User.objects.get(pk=request.user.pk or 0)
    here = HttpResponseRedirect(reverse("admin:profile"))
    if request.method == "POST" and request.POST.get("end"):
        presence.end_others(request, user, timezone.now())
        messages.success(request, _now("Your sessions elsewhere have ended."))
        return here
    form = ProfileForm(request.POST if request.method == "POST" else None, initial={"language": user.language})
    if request.method == "POST" and form.is_valid():
        user.language = form.cleaned_data["language"]
        user.save(update_fields=["language"])
        with translation.override(user.language):
            messages.success(request, _now("Saved. Your pages and letters are in this language."))
        return speak(here, user.language)
    from accounts.site import staff_site  # the site's addresses lead here

    context = staff_site.each_context(request) | {
        "title": _now("Your account"),
        "form": form,
        "user_role": user.get_role_display(),
        "posts": list(user.post_scopes.order_by("post_key").values_list("post_key", flat=True)),
        "sessions": list(SignIn.objects.filter(user=user)[:10]),
        "here": presence.row_of(request),
    }
    return render(request, "accounts/profile.html", context)
