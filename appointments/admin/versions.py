"""What the editors of versions share: saving the next one with a reason, and bringing an earlier one back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import Service
from appointments.versions import VersionRefusedError


@dataclass(frozen=True)
class Editor:
    """A table of versions, its columns, how a version is saved, and the name of the page that edits it."""

    model: type[models.Model]
    fields: Sequence[str]
    save: Callable[..., Any]
    page: str

    def values(self, row: models.Model) -> dict[str, Any]:
        """The values of a version by name."""
        return {name: getattr(row, name) for name in self.fields}

    def save_form(self, request: HttpRequest, service: Service, form: forms.Form | forms.ModelForm) -> HttpResponse:
        """Save what a valid form says; the way back to the page.

        Raises:
            VersionRefusedError: with sentences for the form.
        """
        values = form.cleaned_data
        if not values["reason"].strip():
            raise VersionRefusedError([_("Say in a sentence why: it is kept with the version.")])
        return self._write(request, service, values, values["reason"], values["based_on"])

    def again(self, request: HttpRequest, service: Service) -> HttpResponse:
        """Bring the values of an earlier version back as a new one, with one click, over the version that was shown."""
        version, shown = _number(request.POST["again"]), _number(request.POST.get("based_on", ""))
        earlier: Any = get_object_or_404(self.model, service=service, version=version)
        reason = _("Values of version %(number)d: %(reason)s") % {"number": version, "reason": earlier.reason or "–"}
        try:
            return self._write(request, service, self.values(earlier), reason[:300], shown)
        except VersionRefusedError as error:
            for sentence in error.sentences:
                messages.error(request, sentence)
        return self.back(service)

    def _write(
        self, request: HttpRequest, service: Service, values: Mapping[str, Any], reason: str, based_on: int
    ) -> HttpResponse:
        author = request.user.get_username()
        saved = self.save(service, values, author=author, reason=reason, based_on=based_on, now=timezone.now())
        messages.success(request, _("Version %(number)d is in force.") % {"number": saved.version})
        return self.back(service)

    def back(self, service: Service) -> HttpResponse:
        """The page, loaded anew."""
        return HttpResponseRedirect(reverse(f"admin:{self.page}", args=[service.post.key, service.slug]))


def _number(text: str) -> int:
    """The number of a version as a page sends it; 0, which no version has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
