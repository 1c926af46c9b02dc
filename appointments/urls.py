"""Addresses of the applicants' pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from appointments.reports import pages as report_pages
from appointments.views import access, apply, choosing, my, people, public
from appointments.watch import transparency

urlpatterns: list[URLPattern | URLResolver] = [
    path("", public.start, name="start"),
    path("posts/<slug:post_key>/", public.post, name="post"),
    path("posts/<slug:post_key>/<slug:slug>/", public.service, name="service"),
    path("posts/<slug:post_key>/<slug:slug>/slots/", public.slots, name="slots"),
    path("posts/<slug:post_key>/<slug:slug>/slots.json", public.slots_json, name="slots-json"),
    path("posts/<slug:post_key>/<slug:slug>/apply/", apply.start, name="apply-start"),
    path("apply/<slug:draft_id>/contact/", apply.contact, name="apply-contact"),
    path("apply/<slug:draft_id>/code/", apply.code, name="apply-code"),
    path("apply/<slug:draft_id>/people/", people.people, name="apply-people"),
    path("apply/<slug:draft_id>/people/<int:number>/", people.person, name="apply-person"),
    path("apply/<slug:draft_id>/wishes/", apply.wishes, name="apply-wishes"),
    path("apply/<slug:draft_id>/check/", apply.check, name="apply-check"),
    path("apply/<slug:draft_id>/slots/", choosing.slots, name="apply-slots"),
    path("my/", access.my, name="my"),
    path("my/code/", access.my_code, name="my-code"),
    path("my/<str:reference>/", my.state, name="my-request"),
    path("my/<str:reference>/pay/", my.pay, name="my-pay"),
    path("my/<str:reference>/paid/", my.paid, name="my-paid"),
    path("my/<str:reference>/wishes/", my.wishes, name="my-wishes"),
    path("my/<str:reference>/letters/", my.letters, name="my-letters"),
    path("my/<str:reference>/withdraw/", my.withdraw, name="my-withdraw"),
    path("my/<str:reference>/cancel/", my.cancel, name="my-cancel"),
    path("my/<str:reference>/objection/", my.objection, name="my-objection"),
    path("my/<str:reference>/confirmation.pdf", my.confirmation_pdf, name="my-pdf"),
    path("my/<str:reference>/appointment.ics", my.appointment_ics, name="my-ics"),
    path("draws/", include("appointments.draws.urls")),
    path("report/", report_pages.report, name="report"),
    path("report/thanks/", report_pages.thanks, name="report-thanks"),
    path("transparency/", transparency.figures, name="transparency"),
    path("help/", public.information, {"name": "help"}, name="help"),
    path("accessibility/", public.information, {"name": "accessibility"}, name="accessibility"),
    path("against-traffic/", public.information, {"name": "traffic"}, name="against-traffic"),
]
