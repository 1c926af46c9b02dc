"""The form and its thanks."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from antibot import doors
from appointments.models import TrafficReport
from appointments.reports.addresses import report_index
from appointments.reports.forms import ReportForm
from appointments.views.refused import held_back

_KEY = "report_reference"


@never_cache
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Take a report. Nothing of the request is kept with it: no address, no hour, no session, no booking."""
    today = timezone.now().date()
    posted = request.method == "POST" and "captcha_refresh" not in request.POST
    data = request.POST if request.method == "POST" else None
    kept = request.POST.dict() if data and not posted else None
    form = ReportForm(data if posted else None, today=today, initial=kept)
    challenge = doors.challenge_form(request, "", data, purpose=doors.Purpose.REPORT)
    tried = False
    if posted:
        refusal = doors.may_proceed(request, doors.Purpose.REPORT, "")
        if refusal is not None:
            return held_back(request, refusal, reverse("report"))
        tried = form.is_valid()
        if tried and challenge.is_valid():
            row: TrafficReport = form.save(commit=False)
            row.received_on = today
            row.contact_index = report_index(row.contact)
            row.language = (get_language() or "fr")[:2]
            row.save()
            request.session[_KEY] = row.reference
            return HttpResponseRedirect(reverse("report-thanks"))
    forms = [form, *([challenge] if tried else [])]
    context = {
        "form": form,
        "challenge": challenge,
        "forms": forms,
        "has_errors": posted and any(each.errors for each in forms),
    }
    return render(request, "appointments/reports/report.html", context)


@never_cache
@require_GET
def thanks(request: HttpRequest) -> HttpResponse:
    """The number of the report, once; the session forgets it, so that nothing ties this browser to the report."""
    return render(request, "appointments/reports/thanks.html", {"reference": request.session.pop(_KEY, "")})
