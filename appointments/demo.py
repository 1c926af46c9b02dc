"""Demonstration data of the appointments."""

from appointments.calendar.demo import build

__all__ = ["build"]
