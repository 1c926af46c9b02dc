"""Staff of the tests, and two ways in: quickly, and by the pages."""

from __future__ import annotations

import time

import django_otp
from django.contrib.auth import get_user_model
from django.test import Client
from django_otp.oath import totp

from accounts.models import Authenticator, PostScope, Role, User

PASSWORD = "correct horse battery"
NAMES = {
    Role.AGENT: "amina",
    Role.OFFICER: "omar",
    Role.HEAD: "hélène",
    Role.CENTRE: "celine",
    Role.AUDITOR: "audrey",
}


def make_staff(role: str, *posts: str, name: str = "", password: str = PASSWORD) -> User:
    """An active member of staff with these posts."""
    user: User = get_user_model().objects.create_user(
        name or NAMES[Role(role)], f"{role}@staff.example.org", password, role=role, is_staff=True
    )
    PostScope.objects.bulk_create(PostScope(user=user, post_key=post) for post in posts)
    return user


def device_of(user: User) -> Authenticator:
    """A confirmed authenticator."""
    return Authenticator.objects.get_or_create(user=user, confirmed=True, defaults={"name": "app"})[0]


def code_now(device: Authenticator, steps: int = 0) -> str:
    """What the app shows, `steps` half minutes from now."""
    return f"{totp(device.bin_key, t0=0) if not steps else _at(device, steps):06}"


def _at(device: Authenticator, steps: int) -> int:
    from django_otp.oath import TOTP

    clock = TOTP(device.bin_key)
    clock.time = time.time() + 30 * steps
    return int(clock.token())


def signed_in(user: User, *, fresh: bool = True) -> Client:
    """A client that has shown both factors."""
    from django.utils import timezone

    client = Client()
    client.force_login(user)
    session = client.session
    session[django_otp.DEVICE_ID_SESSION_KEY] = device_of(user).persistent_id
    if fresh:
        session["second_factor_at"] = int(timezone.now().timestamp())
    session.save()
    return client
