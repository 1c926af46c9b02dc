"""A policy and terms that two people save at the same moment, in processes of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.forms.models import model_to_dict
from django.utils import timezone

from appointments.models import Service
from appointments.queries.policies import policy_in_force
from appointments.releases import policies
from appointments.terms import versions
from appointments.versions import VersionRefusedError
from tests.cast import change_terms, make_scene
from tests.concurrency.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)
CHECK_SECONDS = 0.5  # so long that both look before either writes, where nothing makes one of them wait


@contextmanager
def nobody_waits(_service: Service) -> Iterator[None]:
    with transaction.atomic():
        yield


def slowly(check: Any) -> Any:
    def checked(*arguments: Any) -> list[str]:
        found: list[str] = check(*arguments)
        time.sleep(CHECK_SECONDS)
        return found

    return checked


def save(what: str) -> str:
    service = Service.objects.get(slug="c-tour")
    who = {"author": "hélène", "reason": "x", "based_on": 2 if what == "terms" else 1, "now": timezone.now()}
    try:
        if what == "terms":
            versions.save_terms(service, versions.values_of(service) | {"largest_group": 10}, **who)
        else:
            values = model_to_dict(policy_in_force(service), policies.FIELDS)
            policies.save_policy(service, values | {"largest_release": 5}, **who)
    except VersionRefusedError:
        return "refused"
    return "saved"


@pytest.mark.parametrize("waiting", [True, False], ids=["with the lock", "control"])
def test_no_release_stays_too_small_for_the_largest_family(monkeypatch: pytest.MonkeyPatch, waiting: bool) -> None:
    service = make_scene().drawn
    change_terms(service, largest_group=4)
    for module in (policies, versions):
        monkeypatch.setattr(module, "refusals", slowly(module.refusals))
        if not waiting:
            monkeypatch.setattr(module, "one_at_a_time", nobody_waits)
    assert sorted(at_once(save, ["terms", "policy"])) == (["refused", "saved"] if waiting else ["saved", "saved"])
    service.refresh_from_db()
    policy = policy_in_force(service)
    assert policy is not None
    assert (policy.largest_release >= service.largest_group) == waiting
