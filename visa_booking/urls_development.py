"""Root addresses of development: those of production and the mailbox."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from visa_booking.mailbox import mailbox, message
from visa_booking.urls import handler400, handler403, handler404, handler500
from visa_booking.urls import urlpatterns as production

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns: list[URLPattern | URLResolver] = [
    path("dev/mailbox/", mailbox, name="mailbox"),
    path("dev/mailbox/<str:name>/<int:position>/", message, name="mailbox-message"),
    *production,
]
