"""Looking for the device that a code fits, and seeds that earlier code left in clear.

Sealing is no migration: nodes with earlier code read the clear column until the last of them is replaced. It is done
for one person when they sign in at a node with this code, and every night for everybody.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from accounts.models import Authenticator


def matching(user: AbstractBaseUser, code: str) -> Device | None:
    """The device of this person that takes the code; each is locked, counts its failures, and takes a code once.

    django-otp's own search would ask its row beside ours too, which has no seed to compare with.
    """
    with transaction.atomic():
        seal(TOTPDevice.objects.filter(user_id=user.pk))
        for model in (Authenticator, StaticDevice):
            for device in model.objects.devices_for_user(user, confirmed=True).select_for_update():
                if device.verify_token(code):
                    return device
    return None


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
