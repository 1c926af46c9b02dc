"""The application's addresses and the two limits."""

from django.urls import path

from bench.limits import claim, same_bytes
from visa_booking.urls_development import urlpatterns as application

urlpatterns = [path("limit/bytes/<int:size>", same_bytes), path("limit/claim", claim), *application]
