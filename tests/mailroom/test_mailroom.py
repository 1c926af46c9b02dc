"""Letters leave after commit, once, and survive a mail server that fails."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from mailroom import post, renderers
from mailroom.models import Letter
from mailroom.renderers import Envelope


@pytest.fixture
def greeting() -> Any:
    """A kind of letter that exists during the test."""

    @renderers.renderer("greeting")
    def _greeting(subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
        if subject_key == "nobody":
            return None
        to = (payload or {}).get("to", "alice@example.org")
        return Envelope(to=to, subject=f"Hello {subject_key}\nBcc: evil@example.org", text="Hello")

    yield
    renderers._RENDERERS.pop("greeting")


def test_a_letter_is_sent_once_and_keeps_no_payload(db: None, greeting: None) -> None:
    post.enqueue("greeting", "A1", payload={"to": "bob@example.org"})
    assert post.send_due() == 1
    assert post.send_due() == 0
    assert [message.to for message in mail.outbox] == [["bob@example.org"]]
    letter = Letter.objects.get()
    assert (letter.state, letter.payload) == (Letter.State.SENT, None)


def test_a_line_break_in_a_subject_adds_no_header(db: None, greeting: None) -> None:
    post.enqueue("greeting", "A1")
    post.send_due()
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].recipients() == ["alice@example.org"]


def test_a_letter_leaves_with_the_transaction_or_not_at_all(transactional_db: None, greeting: None) -> None:
    with transaction.atomic():
        post.enqueue("greeting", "A1")
        transaction.set_rollback(True)
    assert not Letter.objects.exists()


def test_dedupe_makes_a_letter_once_only(db: None, greeting: None) -> None:
    assert post.enqueue("greeting", "A1", dedupe="one") is not None
    assert post.enqueue("greeting", "A1", dedupe="one") is None
    assert Letter.objects.count() == 1


def test_a_letter_that_has_nothing_to_say_any_more_is_dropped(db: None, greeting: None) -> None:
    post.enqueue("greeting", "nobody")
    assert post.send_due() == 0
    assert Letter.objects.get().state == Letter.State.DROPPED


def test_a_failing_mail_server_postpones_and_the_error_holds_no_address(
    db: None, greeting: None, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens on port 1
    post.enqueue("greeting", "A1")
    assert post.send_due() == 0
    letter = Letter.objects.get()
    assert letter.state == Letter.State.WAITING
    assert letter.not_before > timezone.now() + timedelta(seconds=20)
    assert letter.last_error == "ConnectionRefusedError"


def test_an_unknown_kind_fails_loudly_but_only_once(db: None) -> None:
    post.enqueue("unheard-of", "A1")
    assert post.send_due() == 0
    assert Letter.objects.get().state == Letter.State.FAILED


def test_a_letter_of_a_dead_worker_is_sent_after_its_lease(db: None, greeting: None) -> None:
    post.enqueue("greeting", "A1")
    now = timezone.now()
    assert post.claim(now, 5)  # and this worker dies here
    assert not post.claim(now, 5)
    [again] = post.claim(now + post.LEASE, 5)
    assert again is not None
    assert again.attempts == 2


def test_the_database_refuses_a_finished_letter_with_its_payload(db: None, greeting: None) -> None:
    letter = post.enqueue("greeting", "A1", payload={"to": "bob@example.org"})
    assert letter is not None
    with pytest.raises(IntegrityError):
        Letter.objects.filter(pk=letter.pk).update(state=Letter.State.SENT, finished_at=timezone.now())


def test_parallel_workers_send_each_letter_once(transactional_db: None, greeting: None) -> None:
    post.enqueue_many([("greeting", f"A{n}", None, None) for n in range(40)])

    def work() -> None:
        post.send_due()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mail.outbox) == 40
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 40
