"""Every position of the site is walked through: no error, nothing of another post, every header, every token."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from tests.security.crawling import Crawl
from tests.security.world import World, make_world

pytestmark = pytest.mark.django_db
LOCAL = ("agent", "officer", "head")
# The other post's name is public; its people, its counters and its mail are not.
FOREIGN = ("CANARYNAME", "CANARY777", "canary@example.org", "Canary counter")
MOST_PAGES = 30


@pytest.fixture
def world(settings: Settings) -> World:
    # As in production; the client of the tests does not mind.
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.LANGUAGE_COOKIE_SECURE = True
    return make_world()


def starts(world: World, who: str) -> list[str]:
    """Where somebody in this position begins."""
    references = {"waiting": 0, "holding": 1, "booked": 2}
    if who in references:
        page = f"/my/{world.known['reference'][references[who]]}/"
        return [page, "/my/", f"{page}confirmation.pdf", f"{page}appointment.ics", f"{page}cancel/", "/"]
    if who == "drafting":
        return [f"/apply/{world.draft}/check/", f"/apply/{world.draft}/slots/", "/"]
    if who == "copying":
        reference = world.known["reference"][5]
        return [f"/archives/copy-request/{reference}/details/", "/archives/my-data/", "/"]
    if who == "prefecture":
        return [f"/archives/copy-request/delivery/{world.known['token'][0]}/", "/"]
    if who == "anonymous":
        return ["/", "/my/", "/archives/copy-request/", "/archives/my-data/", "/admin/", "/antibot/appeal/", "/report/"]
    booking = world.known["reference"][3]
    return ["/admin/", "/admin/day/dz-alg/", f"/admin/day/dz-alg/request/{booking}/", "/admin/archives/search/"]


@pytest.mark.timeout(600)  # hundreds of pages; a busy machine is no fault
def test_every_position_meets_no_error_and_every_guard(world: World) -> None:
    crawls = []
    for who, client in world.clients.items():
        client.raise_request_exception = False
        secrets = FOREIGN if who not in {"centre", "auditor"} else ()
        crawl = Crawl(client, who, secrets)
        crawl.run(starts(world, who), MOST_PAGES)
        crawls.append(crawl)
        assert crawl.pages >= 8, f"{who} got nowhere: {crawl.routes}"
    faults = [fault for crawl in crawls for fault in crawl.faults]
    assert not faults, "\n".join(sorted(set(faults)))
    assert sum(crawl.forms for crawl in crawls) > 30
    assert len({route for crawl in crawls for route in crawl.routes}) > 90


def test_a_guard_that_is_missing_is_seen(world: World, settings: Settings) -> None:
    """The control."""
    settings.SECURE_CONTENT_TYPE_NOSNIFF = False
    crawl = Crawl(world.clients["anonymous"], "anonymous", ("Algiers",))
    crawl.run(["/"], 1)
    assert {fault.partition(": ")[2] for fault in crawl.faults} >= {"GET shows Algiers"}
