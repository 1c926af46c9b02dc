"""Root addresses."""

from __future__ import annotations

import importlib.util

from django.urls import URLPattern, URLResolver, include, path

from visa_booking.health import healthz, readyz
from visa_booking.languages import choose_language
from visa_booking.metrics import metrics

handler400 = "visa_booking.errors.bad_request"
handler403 = "visa_booking.errors.permission_denied"
handler404 = "visa_booking.errors.not_found"
handler500 = "visa_booking.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("language/<str:code>/", choose_language, name="language"),
]
if importlib.util.find_spec("accounts.site"):
    from accounts.site import staff_site

    urlpatterns.append(path("admin/", staff_site.urls))
for prefix, module in (("antibot/", "antibot.urls"), ("archives/", "archives.urls"), ("", "appointments.urls")):
    if importlib.util.find_spec(module):
        urlpatterns.append(path(prefix, include(module)))
