"""Addresses of the requests for a copy, below /archives/copy-request/."""

from django.urls import path

from archives.copies import views

urlpatterns = [
    path("", views.start, name="copy-start"),
    path("receipt/", views.receipt, name="copy-receipt"),
    path("delivery/<str:token>/", views.delivery, name="copy-delivery"),
    path("<str:reference>/contact/", views.contact, name="copy-contact"),
    path("<str:reference>/code/", views.code, name="copy-code"),
    path("<str:reference>/details/", views.details, name="copy-details"),
]
