"""Devices of the second factor: which one a code fits, enrolling one, and seeds that earlier code left in clear.

Nodes of the release before this one read the clear column alone. While they may still run, nothing is sealed and a new
device is written as they write it; `manage.py seal_seeds`, after the last of them was replaced, begins with it.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from accounts.models import Authenticator
from vault.models import KeyMark

# Written by the migration of an installation that earlier code still serves; taken away by `seal_seeds`.
WAITING = "authenticators:clear"


def waits() -> bool:
    """Whether code that reads seeds in clear alone may still run."""
    return KeyMark.objects.filter(name=WAITING).exists()


def matching(user: AbstractBaseUser, code: str) -> Device | None:
    """The device of this person that takes the code; each is locked, counts its failures, and takes a code once.

    django-otp's own search would ask its row beside ours too, which has no seed to compare with.
    """
    with transaction.atomic():
        if not waits():
            seal(TOTPDevice.objects.filter(user_id=user.pk))
        for model, only in ((Authenticator, {}), (TOTPDevice, {"authenticator": None}), (StaticDevice, {})):
            devices = model.objects.devices_for_user(user, confirmed=True).filter(**only)
            for device in devices.select_for_update(of=("self",)):
                if device.verify_token(code):
                    return device
    return None


def begun(user_id: int) -> TOTPDevice:
    """The device that somebody is enrolling, as every node that runs can finish it; made where there is none."""
    mine = {"user_id": user_id, "confirmed": False}
    if waits():
        return TOTPDevice.objects.get_or_create(**mine, defaults={"name": "app"})[0]
    seal(TOTPDevice.objects.filter(user_id=user_id))
    return Authenticator.objects.get_or_create(**mine, defaults={"name": "app"})[0]


def begin_sealing() -> int:
    """Seal every seed, and from now on each at once; returns how many stood in clear. May be called again."""
    KeyMark.objects.filter(name=WAITING).delete()
    return seal(TOTPDevice.objects.all())


def seal(devices: QuerySet[TOTPDevice]) -> int:
    """Bring seeds that stand in clear under the vault's keys; returns how many there were."""
    found = 0
    for pk in devices.filter(authenticator=None).values_list("pk", flat=True):
        with transaction.atomic():
            device = TOTPDevice.objects.select_for_update().get(pk=pk)
            if Authenticator.objects.filter(pk=pk).exists():  # somebody was faster
                continue
            Authenticator(totpdevice_ptr=device, seed=device.key).save_base(raw=True)  # its own row alone
            TOTPDevice.objects.filter(pk=pk).update(key=default_key())
            found += 1
    return found
