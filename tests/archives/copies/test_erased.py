"""What becomes of a request when the file that it asks for is erased: by HTTP, and held by the database."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Role
from appointments.wording import day_in_full
from archives.copies import actions, deliveries
from archives.copies.facsimile import facsimile
from archives.copies.refusals import Reason, RefusedError
from archives.dating import erasure_day
from archives.erasure.run import run_erasure
from archives.models import CopyDelivery, CopyRequest, ErasureEntry, VisaFile
from mailroom.post import send_due
from tests.accounts.people import make_staff, signed_in
from tests.archives.copies.test_journey import Requester, grant, received
from tests.archives.makers import file_of, issued
from tests.cast import make_post

pytestmark = pytest.mark.django_db
# The visa ended almost five years ago: its file goes while the request is open.
LATER = timezone.now() + timedelta(days=30)
ENDED = erasure_day(LATER) - timedelta(days=5 * 366 + 10)


@pytest.fixture
def file(db):
    make_post()
    return file_of(1, issued(ENDED - timedelta(days=90), ENDED))


def matched(file) -> CopyRequest:
    row = received(Requester())
    actions.identify(row, how="seen", by="omar", now=timezone.now())
    actions.match(row, file)
    return row


def test_the_erasure_takes_the_reference_and_leaves_its_day(file):
    row = matched(file)
    run = run_erasure(LATER)
    row.refresh_from_db()
    assert (row.file_id, row.erased_on, row.state) == (None, erasure_day(LATER), "received")
    line = ErasureEntry.objects.get(run=run, what="visa_files")
    assert line.counts["copy_requests_told"] == 1


def test_a_proposed_grant_is_open_again_and_the_desk_says_why(file):
    row = matched(file)
    actions.propose(row, grant=True, by="omar", now=timezone.now())
    run_erasure(LATER)
    row.refresh_from_db()
    assert (row.state, row.proposal, row.proposed_by) == ("received", "", "")
    officer = signed_in(make_staff(Role.OFFICER, "dz-alg", name="ines"))
    officer.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    desk = reverse("admin:copy_desk", args=[row.pk])
    page = officer.get(desk).content.decode()
    assert f"were erased by law on {row.erased_on:%Y-%m-%d}" in page
    assert re.search(r'value="erased" selected', page)
    officer.post(desk, {"act": "grant"})
    officer.post(desk, {"act": "refuse", "refusal": "erased", "text": ""})
    head = signed_in(make_staff(Role.HEAD, "dz-alg"))
    head.post(desk, {"act": "decide"})
    row.refresh_from_db()
    assert (row.state, row.refusal) == ("refused", "erased")
    send_due()
    body = str(mail.outbox[-1].body)
    assert "were erased, as the law asks" in body
    with translation.override("en"):
        assert day_in_full(row.erased_on) in body
    assert "CADA" in body


def test_a_granted_copy_is_gone_behind_its_link_and_only_its_requester_hears_why(file):
    requester = Requester()
    link = grant(received(requester), file)
    now = timezone.now()
    VisaFile.objects.update(gone_from=erasure_day(now))
    run_erasure(now)
    stranger = Requester("eve@example.org")
    assert "erased" not in stranger.client.get(link).content.decode()
    answer = requester.fetch(link)
    assert answer.status_code == 410
    assert "erased on time" in answer.content.decode()
    assert CopyDelivery.objects.get().downloads == 0


def test_the_database_itself_hands_out_no_copy_of_an_erased_file(file):
    row = received(Requester())
    grant(row, file)
    now = timezone.now()
    VisaFile.objects.update(gone_from=erasure_day(now))
    run_erasure(now)
    row.refresh_from_db()
    assert row.erased_on == erasure_day(now)
    with pytest.raises(IntegrityError, match="copy_file_is_erased"), transaction.atomic():
        CopyDelivery.objects.update(downloads=1)
    with pytest.raises(IntegrityError, match="copy_erased_points_at_nothing"), transaction.atomic():
        CopyRequest.objects.filter(pk=row.pk).update(file_id=file_of(9).pk)
    with pytest.raises(RefusedError) as caught:
        facsimile(row, timezone.now())
    assert caught.value.reason == Reason.GONE
    with pytest.raises(RefusedError):
        deliveries.count_download(CopyDelivery.objects.get(), timezone.now())


def test_no_request_is_matched_with_or_granted_for_a_file_that_is_gone(file):
    row = matched(file)
    actions.propose(row, grant=True, by="omar", now=timezone.now())
    with pytest.raises(IntegrityError, match="copy_file_is_erased"), transaction.atomic():
        CopyRequest.objects.filter(pk=row.pk).update(file_id="00000000-0000-4000-8000-000000000000")
    run_erasure(LATER)
    with pytest.raises(RefusedError) as caught:
        actions.decide(row, by="helene", now=timezone.now())
    assert caught.value.reason == Reason.GONE
    open_again = CopyRequest.objects.get()
    with pytest.raises(RefusedError) as caught:
        actions.match(open_again, file)
    assert caught.value.reason == Reason.GONE


def test_the_desk_opens_with_its_file_and_records_the_look(file):
    row = matched(file)
    officer = signed_in(make_staff(Role.OFFICER, "dz-alg", name="ines"))
    page = officer.get(reverse("admin:copy_desk", args=[row.pk]))
    assert page.status_code == 200
    assert "FRA000000001" in page.content.decode()
