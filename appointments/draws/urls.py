"""Addresses below /draws/."""

from __future__ import annotations

from django.urls import path

from appointments.draws import views

urlpatterns = [
    path("", views.draws, name="draws"),
    path("<int:pk>/", views.draw, name="draw"),
    path("<int:pk>/record", views.record, name="draw-record"),
]
