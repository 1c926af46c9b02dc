"""Addresses of the archive, below /archives/."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("copy-request/", include("archives.copies.urls")),
]
