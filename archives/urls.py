"""Addresses of the archive, below /archives/."""

from django.urls import URLPattern, URLResolver, include, path

from archives.views import my_data, privacy

urlpatterns: list[URLPattern | URLResolver] = [
    path("privacy/", privacy.privacy, name="privacy"),
    path("my-data/", my_data.my_data, name="my-data"),
    path("my-data/code/", my_data.code, name="my-data-code"),
    path("my-data/download/", my_data.download, name="my-data-download"),
    path("copy-request/", include("archives.copies.urls")),
]
