"""How often a page may ask the database: a number that is kept, so that nobody makes it grow unseen."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from antibot.actions.receive_notice import receive_notice
from antibot.models import Payment
from appointments.actions.payments import take_payment_events
from appointments.models import Request
from appointments.queries import services
from appointments.views.remembered import Page, PageMemory, pages
from tests.antibot.paying import paid
from tests.appointments.pages.visitor import Visitor
from tests.cast import ALICE, ALICE_MAIL, BOB, Scene, open_slots

SLOTS = "/posts/dz-alg/passport/slots/"
DATA = "/posts/dz-alg/passport/slots.json"


@pytest.fixture
def _remembering(settings: LazySettings) -> Iterator[None]:
    """As in production: what everybody may see is remembered for a second (here long enough for a slow machine)."""
    settings.PAGE_MEMORY_SECONDS = 30
    pages.forget()
    services.forget()
    yield
    pages.forget()
    services.forget()


def _asked(path: str, client: Client | None = None, **headers: str) -> tuple[int, HttpResponse]:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = (client or Client()).get(path, headers=headers)
    return len(queries), answer  # type: ignore[return-value]


@pytest.mark.parametrize("path", [SLOTS, DATA])
def test_open_times_cost_the_same_few_queries_for_10_and_for_1000_slots(scene: Scene, path: str) -> None:
    day = open_slots(scene.first_come, 10, counters=5)[0].local_day
    few, _ = _asked(path)
    open_slots(scene.first_come, 990, day=day + timedelta(days=1), counters=33)
    many, answer = _asked(path)
    assert answer.status_code == 200
    assert few == many == 3


@pytest.mark.usefixtures("_remembering")
def test_a_second_look_asks_the_database_nothing(scene: Scene) -> None:
    open_slots(scene.first_come, 5)
    for path in (SLOTS, DATA):
        first = _asked(path)[1]
        queries, again = _asked(path)
        assert (queries, again.content, again["ETag"]) == (0, first.content, first["ETag"])
        queries, unchanged = _asked(path, **{"if-none-match": first["ETag"]})
        assert (queries, unchanged.status_code, unchanged.content) == (0, 304, b"")


@pytest.mark.usefixtures("_remembering")
def test_the_page_of_a_service_asks_for_its_figures_alone(scene: Scene) -> None:
    open_slots(scene.first_come, 5)
    page = SLOTS.removesuffix("slots/")
    _asked(page)
    queries, answer = _asked(page)
    assert (queries, answer.status_code) == (1, 200)


@pytest.mark.usefixtures("_remembering")
def test_addresses_that_somebody_invents_fill_no_memory(scene: Scene) -> None:
    for path in ("/posts/dz-alg/invented/", "/posts/invented/passport/"):
        assert _asked(path)[1].status_code == 404
        assert Client().post(f"{path}apply/").status_code == 404
    assert not services._addresses


@pytest.mark.usefixtures("_remembering")
def test_every_language_has_its_own_page_and_nobody_finds_somebody_elses_words(scene: Scene) -> None:
    open_slots(scene.first_come, 5)
    alice = Visitor(ALICE_MAIL, language="ar")
    alice.ready(scene.first_come, ALICE)
    pages.forget()
    arabic = alice.get(SLOTS).content.decode()
    french = Client(headers={"accept-language": "fr"}).get(SLOTS + "?q=%3Cb%3E").content.decode()
    assert 'lang="ar"' in arabic.partition("\n")[2][:60]
    assert 'lang="fr"' in french.partition("\n")[2][:60]
    for page in (arabic, french):
        assert ALICE_MAIL not in page
        assert "csrf" not in page
        assert "%3Cb%3E" not in page


@pytest.mark.usefixtures("_remembering")
def test_a_time_that_is_remembered_as_open_is_still_refused_when_it_is_gone(scene: Scene) -> None:
    slot = open_slots(scene.first_come, 1)[0]
    alice = Visitor(ALICE_MAIL)
    alice.ready(scene.first_come, ALICE)
    remembered = Client().get(DATA).content
    scene.first_come.slots.update(state="pooled", release=None)
    assert Client().get(DATA).content == remembered
    assert alice.post(alice.step("slots"), slot=slot.pk).status_code != 302
    assert not Request.objects.exists()


@pytest.mark.usefixtures("_remembering")
@pytest.mark.parametrize(("people", "most"), [((ALICE,), 9), ((ALICE, BOB), 10)])
def test_a_hold_is_one_transaction_of_few_statements(scene: Scene, people: tuple[object, ...], most: int) -> None:
    slot = open_slots(scene.first_come, 4)[0]
    alice = Visitor(ALICE_MAIL)
    alice.ready(scene.first_come, *people)  # type: ignore[arg-type]
    with CaptureQueriesContext(connection) as queries:
        answer = alice.post(alice.step("slots"), slot=slot.pk)
    assert answer.status_code == 302
    said = [query["sql"] for query in queries.captured_queries]
    # The test itself is a transaction, so ours shows as a savepoint.
    assert sum(sql.startswith("SAVEPOINT") for sql in said) == 1
    assert len(said) <= most, "\n".join(said)


def test_what_a_hold_asks_is_planned_once_a_connection(scene: Scene) -> None:
    """CREATE OR REPLACE FUNCTION forgets what ALTER FUNCTION set: whoever replaces one has to say it again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc WHERE 'plan_cache_mode=force_generic_plan' = ANY(proconfig)")
        planned = {name for (name,) in cursor.fetchall()}
    assert {"appointments_hold", "antibot_known", "antibot_see"} <= planned


def test_the_page_of_a_booking_and_the_first_page(scene: Scene) -> None:
    slot = open_slots(scene.first_come, 1)[0]
    alice = Visitor(ALICE_MAIL)
    row = alice.hold(scene.first_come, slot.pk, ALICE)
    # Four of them are for the service, which a process remembers for five seconds; here it remembers nothing.
    # One asks whether the person has to know of a suspicion.
    assert _asked(f"/my/{row.reference}/", alice.client)[0] <= 12
    assert _asked("/")[0] == 1


def test_paying_costs_few_statements(scene: Scene) -> None:
    alice = Visitor(ALICE_MAIL)
    row = alice.hold(scene.first_come, open_slots(scene.first_come, 1)[0].pk, ALICE)
    # As above, four are for the service.
    with CaptureQueriesContext(connection) as asked:
        answer = alice.client.post(f"/my/{row.reference}/pay/", {"how": "card"})
    assert "/sandbox/" in answer["Location"]
    assert len(asked) <= 15, "\n".join(query["sql"] for query in asked.captured_queries)
    now, payment = timezone.now(), Payment.objects.get()
    # The test itself is a transaction, so the two ends of ours show as a savepoint: three statements, and three.
    with CaptureQueriesContext(connection) as booked:
        receive_notice("sandbox", paid(payment, "charge", "event"), now)
    with CaptureQueriesContext(connection) as taken:
        assert take_payment_events(now) == 1
    assert (len(booked), len(taken)) == (5, 5)


def test_a_crowd_at_the_same_moment_makes_a_page_once(settings: LazySettings) -> None:
    settings.PAGE_MEMORY_SECONDS = 30
    memory, made, go = PageMemory(), [], threading.Barrier(8)

    def make() -> Page:
        made.append(threading.get_ident())
        threading.Event().wait(0.05)
        return Page(b"page", "text/plain", '"1"')

    def ask() -> None:
        go.wait()
        memory.page("key", make)

    crowd = [threading.Thread(target=ask) for _ in range(8)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert len(made) == 1


def test_what_could_not_be_made_is_not_remembered(settings: LazySettings) -> None:
    settings.PAGE_MEMORY_SECONDS = 30
    memory = PageMemory()

    def fail() -> Page:
        raise LookupError

    with pytest.raises(LookupError):
        memory.page("key", fail)
    assert memory.page("key", lambda: Page(b"page", "text/plain", '"1"')).body == b"page"


def test_the_memory_is_bounded(settings: LazySettings) -> None:
    settings.PAGE_MEMORY_SECONDS = 30
    memory = PageMemory()
    for number in range(2000):
        memory.page(number, lambda: Page(b"page", "text/plain", '"1"'))
    assert len(memory._pages) <= 256
    assert len(memory._making) <= 512
