"""Bad requests and their answers, by HTTP: each clear, none telling a stranger what the archive holds."""

import io
import re

import pypdf
import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from archives.models import CopyRequest, CopySettings, CopyUpload, DataRequest
from mailroom.post import send_due
from tests.accounts.people import make_staff, signed_in
from tests.archives.copies.documents import jpeg, pdf
from tests.archives.copies.test_journey import ALICE, Requester, received
from tests.archives.makers import TODAY, file_of, issued
from tests.cast import make_post

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(db):
    make_post()
    return file_of(1, issued(TODAY.replace(year=2025), TODAY.replace(year=2025, month=12)))


def locked() -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf()))
    writer.encrypt("secret", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_an_encrypted_pdf_is_refused_with_a_way_out_and_an_active_one_is_disarmed(file):
    requester = Requester()
    requester.prove()
    page = requester.send(locked()).content.decode()
    assert "protected by a password" in page
    assert "To prove a lawful entry" in page
    assert not CopyUpload.objects.exists()
    requester.send(pdf(1, b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"))
    officer = signed_in(make_staff(Role.OFFICER, "dz-alg"))
    answer = officer.get(reverse("admin:copy_document", args=[CopyRequest.objects.get().pk]))
    assert answer.content.startswith(b"%PDF")
    assert b"JavaScript" not in answer.content


def test_a_wrong_code_opens_nothing_and_says_so(file):
    requester = Requester()
    requester.prove()
    other = Requester("bob@example.org")
    answer = other.client.post(reverse("copy-start"), {"post": "dz-alg", "kind": "holder"}, follow=True)
    reference = answer.redirect_chain[-1][0].split("/")[3]
    assert other.client.post(reverse("copy-code", args=[reference]), {"code": requester.code()}).status_code == 302
    assert other.client.get(reverse("copy-details", args=[reference])).status_code == 302
    wrong = requester.client.post(reverse("copy-code", args=[requester.reference]), {"code": "000000"})
    assert wrong.status_code == 200
    assert "code" in wrong.content.decode().lower()


def answered(row: CopyRequest, refusal: str, text: str = "") -> str:
    """The letter of a refusal by one officer."""
    CopySettings.objects.get_or_create(post_key="dz-alg", defaults={"two_persons": False})
    name = f"omar-{row.pk}"
    officer = signed_in(make_staff(Role.OFFICER, "dz-alg", name=name))
    officer.post(reverse("admin:copy_desk", args=[row.pk]), {"act": "refuse", "refusal": refusal, "text": text})
    send_due()
    return str(mail.outbox[-1].body)


def test_every_canned_reason_has_its_letter_with_cada_and_without_the_file(file):
    row = received(Requester())
    seen = set()
    for refusal in CopyRequest.Refusal.values:
        CopyRequest.objects.create(
            post_key="dz-alg", kind="holder", language="en", created_at=timezone.now(), state="received",
            received_at=row.received_at, deadline=row.deadline, contact=ALICE,
        )  # fmt: skip
        body = answered(CopyRequest.objects.latest("pk"), refusal, "Written out." if refusal == "other" else "")
        assert "CADA" in body
        assert "two months" in body.replace("\n", " ")
        assert not re.search("BENALI|AB0000001|FRA000000001", body)
        seen.add(body.partition("\n\n")[2])
    assert len(seen) == len(CopyRequest.Refusal.values)


def test_a_lawyer_who_asks_for_somebody_elses_client_learns_nothing(file):
    """The same pages and the same letter, whether the archive holds the person or not."""
    letters, pages = [], []
    for number, name in enumerate(("Benali", "Nobody")):
        lawyer = Requester(f"maitre{number}@bar.example", "lawyer")
        lawyer.prove()
        page = lawyer.send(jpeg(), family_name=name).content.decode()
        pages.append(re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}|value=\"\w{64}\"", "", page))
        body = answered(CopyRequest.objects.get(reference=lawyer.reference), "not_entitled")
        letters.append(re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", "", body))
    assert pages[0] == pages[1]
    assert letters[0] == letters[1]
    assert "lawyer" in letters[0]


def test_a_wish_about_ones_data_is_answered_by_letter(file):
    wish = DataRequest.objects.create(
        kind="correction", contact=ALICE, contact_index=b"x", text="Benaly", language="en", made_at=timezone.now()
    )
    centre = signed_in(make_staff(Role.CENTRE))
    address = reverse("admin:archives_datarequest_change", args=[wish.pk])
    assert "Benaly" in centre.get(address).content.decode()
    centre.post(address, {"answer": "Your name was corrected."})
    wish.refresh_from_db()
    assert wish.answered_by.username == "celine"
    send_due()
    assert mail.outbox[-1].to == [ALICE]
    assert "Your name was corrected." in str(mail.outbox[-1].body)
    assert "CNIL" in str(mail.outbox[-1].body)
