"""Tables of the appointments; the database refuses what the rules refuse."""

from appointments.models.aggregates import Figure
from appointments.models.bookings import Booking, Place
from appointments.models.desk import CounterCall, TillReceipt
from appointments.models.draws import Draw, DrawDocument
from appointments.models.history import TRACKED
from appointments.models.hours import Break, Closure, Holiday, OpeningHours
from appointments.models.policies import ReleasePolicy
from appointments.models.posts import Category, Counter, Post, Provider, Service
from appointments.models.reports import TrafficReport
from appointments.models.requests import CoolingOff, Correction, Draft, Person, Request
from appointments.models.slots import PoolDay, Release, Slot, TickMark, TickTally
from appointments.models.suspicions import Suspicion
from appointments.models.terms import ServiceTerms

__all__ = [
    "TRACKED",
    "Booking",
    "Break",
    "Category",
    "Closure",
    "CoolingOff",
    "Correction",
    "Counter",
    "CounterCall",
    "Draft",
    "Draw",
    "DrawDocument",
    "Figure",
    "Holiday",
    "OpeningHours",
    "Person",
    "Place",
    "PoolDay",
    "Post",
    "Provider",
    "Release",
    "ReleasePolicy",
    "Request",
    "Service",
    "ServiceTerms",
    "Slot",
    "Suspicion",
    "TickMark",
    "TickTally",
    "TillReceipt",
    "TrafficReport",
]
