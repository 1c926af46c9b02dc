"""Looking for a file."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.access import ARCHIVE, scope_of
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import staff_site
from archives.admin.files import countdown
from archives.dating import erasure_day
from archives.queries.search import search


class SearchForm(forms.Form):
    """What somebody knows; everything that is given has to fit."""

    name = forms.CharField(label=_("Name, in any order and script"), max_length=120, required=False)
    passport = forms.CharField(label=_("Passport number"), max_length=30, required=False)
    visa_number = forms.CharField(label=_("Visa number"), max_length=30, required=False)
    file_number = forms.CharField(label=_("File number"), max_length=40, required=False)
    birth_date = forms.DateField(
        label=_("Date of birth"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


@staff_site.page("archives/search/", name="archives_search", verb=ARCHIVE, menu=_("Look for a visa file"))
@require_http_methods(["GET", "POST"])
def search_page(request: HttpRequest) -> HttpResponse:
    """By POST, so that no name stands in an address, a history or a log."""
    form = SearchForm(request.POST or None)
    context = staff_site.each_context(request) | {"title": _("Look for a visa file"), "form": form}
    if request.method == "POST" and form.is_valid() and request.user.is_authenticated:
        now = timezone.now()
        asked = {name: str(value) for name, value in form.cleaned_data.items() if value}
        answer = search(scope_of(request.user), **asked)
        record(
            request.user,
            AccessRecord.Action.SEARCH,
            "visa files by " + ", ".join(sorted(asked)),
            now=now,
            rows=len(answer.rows),
        )
        today = erasure_day(now)
        context |= {
            "found": [(one, countdown(one.file, today)) for one in answer.rows],
            "more": answer.more,
            "asked": True,
        }
    answered = render(request, "archives/admin/search.html", context)
    answered["Cache-Control"] = "no-store"
    return answered
