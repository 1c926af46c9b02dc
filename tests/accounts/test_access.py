"""Who may do what."""

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts import access
from accounts.access import may, scope_of
from accounts.models import Role
from tests.accounts.people import make_staff

VERBS = sorted(set().union(*access._RIGHTS.values()))


@pytest.mark.django_db
def test_nobody_without_an_account_may_anything() -> None:
    for verb in VERBS:
        assert not may(AnonymousUser(), verb)
        assert not may(AnonymousUser(), verb, "dz-alg")
    assert not scope_of(AnonymousUser()).covers("dz-alg")


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["is_active", "is_staff"])
def test_neither_a_closed_account_nor_one_that_is_not_staff_counts(field: str) -> None:
    user = make_staff(Role.CENTRE)
    setattr(user, field, False)
    assert not any(may(user, verb) for verb in VERBS)
    assert not scope_of(user).everything


@pytest.mark.django_db
def test_superuser_means_nothing() -> None:
    user = make_staff(Role.AGENT, "dz-alg")
    user.is_superuser = True
    assert not may(user, access.POLICY, "dz-alg")
    assert not may(user, access.CHECK_IN, "ma-rab")


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.AGENT, Role.OFFICER, Role.HEAD])
@pytest.mark.parametrize("verb", VERBS)
def test_people_of_a_post_reach_no_other_post(role: str, verb: str) -> None:
    user = make_staff(role, "dz-alg")
    assert not may(user, verb, "ma-rab")
    assert not may(user, verb, "")
    assert may(user, verb, "dz-alg") == may(user, verb)


@pytest.mark.django_db
def test_an_auditor_reads_everywhere_and_changes_nothing() -> None:
    user = make_staff(Role.AUDITOR)
    allowed = {verb for verb in VERBS if may(user, verb, "any-post")}
    assert allowed == {access.VIEW, access.AUDIT, access.EXPORT}


@pytest.mark.django_db
def test_a_person_without_posts_sees_nothing() -> None:
    assert not scope_of(make_staff(Role.HEAD)).covers("dz-alg")
