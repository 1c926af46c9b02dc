"""A request for a copy, from the form to the deletion of what was uploaded; by HTTP, with real letters."""

import io
import re
from datetime import timedelta
from typing import Any

import pypdf
import pytest
from captcha.models import CaptchaStore
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Role
from antibot.models import OneTimeCode
from appointments.wording import day_in_full
from archives.copies import actions
from archives.erasure.run import run_erasure
from archives.models import CopyDelivery, CopyRequest, CopySettings, CopyUpload, FileKey, OfficialDomain, VisaFile
from mailroom.post import send_due
from tests.accounts.people import make_staff, signed_in
from tests.archives.copies.documents import jpeg
from tests.archives.makers import TODAY, file_of, issued
from tests.cast import make_post

ALICE = "alice@example.org"


@pytest.fixture
def post(db: None) -> Any:
    """The consulate in Algiers."""
    return make_post()


@pytest.fixture
def file(post: Any) -> VisaFile:
    """Alice's visa, issued a year ago."""
    return file_of(1, issued(TODAY - timedelta(days=400), TODAY - timedelta(days=310)))


class Requester:
    """Somebody with a browser who asks for a copy."""

    def __init__(self, contact: str = ALICE, kind: str = "holder") -> None:
        self.client = Client(HTTP_ACCEPT_LANGUAGE="en")
        self.contact, self.kind = contact, kind
        self.reference = ""

    def prove(self) -> Any:
        """Who asks, address, captcha, code; the page of details."""
        answer = self.client.post(reverse("copy-start"), {"post": "dz-alg", "kind": self.kind}, follow=True)
        self.reference = answer.redirect_chain[-1][0].split("/")[3]
        key = re.search(r'name="captcha_key" value="(\w+)"', answer.content.decode())
        assert key
        solved = CaptchaStore.objects.get(hashkey=key[1]).response
        page = reverse("copy-contact", args=[self.reference])
        fields = {"contact": self.contact, "captcha_key": key[1], "captcha_answer": solved}
        answer = self.client.post(page, fields, follow=True)
        if not answer.request["PATH_INFO"].endswith("/code/"):
            return answer
        return self.client.post(reverse("copy-code", args=[self.reference]), {"code": self.code()}, follow=True)

    def code(self) -> str:
        """The code of the last letter to this address."""
        send_due()
        body = [message.body for message in mail.outbox if message.to == [self.contact]][-1]
        found = re.search(r"\b\d{6}\b", str(body))
        assert found
        return found[0]

    def send(self, document: bytes | None = None, **changes: str) -> Any:
        """Fill in the details and send them."""
        fields: dict[str, Any] = {
            "family_name": "Benali",
            "given_names": "Alice Nour",
            "birth_date_0": "12",
            "birth_date_1": "4",
            "birth_date_2": "1990",
            "reasons": "To prove a lawful entry for a residence permit.",
            "requester_name": "Maître Bob",
            "bar": "Barreau de Lyon",
            "service": "Préfecture du Rhône, séjour",
            "file_reference": "RH-2026-1",
            **changes,
        }
        if document is not None:
            fields["document"] = SimpleUploadedFile("passport.jpg", document, "image/jpeg")
        return self.client.post(reverse("copy-details", args=[self.reference]), fields, follow=True)

    def fetch(self, link: str) -> Any:
        """Open the link of a letter, prove the address anew, save the copy."""
        # Days lie between the request and its answer: the pause between two codes is long over.
        OneTimeCode.objects.update(created_at=timezone.now() - timedelta(days=2))
        self.client.post(link, {"send": "1"})
        self.client.post(link, {"code": self.code()})
        return self.client.post(link, {"fetch": "1"})


def received(requester: Requester) -> CopyRequest:
    """A request that was sent completely."""
    requester.prove()
    answer = requester.send(jpeg())
    assert "Your request was received" in answer.content.decode()
    return CopyRequest.objects.get(reference=requester.reference)


def grant(row: CopyRequest, file: VisaFile) -> str:
    """Two officers grant it; the link of the letter."""
    first = signed_in(make_staff(Role.OFFICER, "dz-alg", name="omar"))
    second = signed_in(make_staff(Role.HEAD, "dz-alg", name="helene"))
    desk = reverse("admin:copy_desk", args=[row.pk])
    first.post(desk, {"act": "identify", "how": "passport compared with the file"})
    first.post(desk, {"act": "match", "file": str(file.pk)})
    first.post(desk, {"act": "grant"})
    second.post(desk, {"act": "decide"})
    row.refresh_from_db()
    assert row.state == CopyRequest.State.GRANTED
    send_due()
    found = re.search(r"/archives/copy-request/delivery/\S+", str(mail.outbox[-1].body))
    assert found
    return found[0]


def test_a_holder_is_given_the_facsimile_and_the_document_is_deleted(file: VisaFile) -> None:
    requester = Requester()
    row = received(requester)
    assert CopyUpload.objects.count() == 1
    link = grant(row, file)
    assert not CopyUpload.objects.exists()
    answer = requester.fetch(link)
    assert answer["Content-Type"] == "application/pdf"
    assert "attachment" in answer["Content-Disposition"]
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    for words in ("BENALI", "FRA000000001", "NOT A VALID VISA", "N’EST PAS UN VISA", requester.reference[:4]):
        assert words in text
    assert CopyDelivery.objects.get().downloads == 1


def test_every_letter_begins_with_the_subject_that_the_consulate_asks_for(file: VisaFile) -> None:
    grant(received(Requester()), file)
    letters = [message.subject for message in mail.outbox if "code" not in message.subject.lower()]
    assert letters
    assert all(subject.startswith("Demande de copie de visa") for subject in letters)


def test_the_receipt_names_deadline_and_cada_and_offers_no_attestation(file: VisaFile) -> None:
    row = received(Requester())
    send_due()
    body = str(mail.outbox[-1].body)
    with translation.override("en"):
        assert day_in_full(row.deadline) in body  # type: ignore[arg-type]
    assert "CADA" in body
    assert "attestation" in body


def test_the_month_of_silence_ends_on_the_same_day_of_the_next_month(post: Any) -> None:
    row = received(Requester())
    assert row.received_at is not None
    assert 28 <= (row.deadline - row.received_at.date()).days <= 31  # type: ignore[operator]


def test_the_answer_tells_nothing_about_what_the_archive_holds(post: Any) -> None:
    known, unknown = Requester(), Requester("nobody@example.org")
    file_of(1, issued(TODAY - timedelta(days=400), TODAY - timedelta(days=310)))
    pages = []
    for requester in (known, unknown):
        requester.prove()
        page = requester.send(jpeg()).content.decode()
        pages.append(re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}|value=\"\w{64}\"", "", page))
    assert pages[0] == pages[1]


def test_after_erasure_the_copy_is_gone_with_a_reason(file: VisaFile) -> None:
    requester = Requester()
    link = grant(received(requester), file)
    FileKey.objects.filter(ref=file.pk).delete()
    answer = requester.fetch(link)
    assert answer.status_code == 410
    assert "erased on time" in answer.content.decode()
    assert CopyDelivery.objects.get().downloads == 0


def test_a_shared_link_opens_nothing_without_the_code(file: VisaFile) -> None:
    link = grant(received(Requester()), file)
    stranger = Client()
    assert stranger.post(link, {"fetch": "1"}).status_code == 200
    stranger.post(link, {"send": "1"})
    answer = stranger.post(link, {"code": "000000"})
    assert answer["Content-Type"].startswith("text/html")
    assert CopyDelivery.objects.get().downloads == 0


@pytest.mark.parametrize("change", [{"expires_at": timezone.now() - timedelta(days=1)}, {"downloads": 5}])
def test_links_end_by_time_and_by_number(file: VisaFile, change: dict[str, Any]) -> None:
    requester = Requester()
    link = grant(received(requester), file)
    CopyDelivery.objects.update(**change)
    assert requester.client.get(link).status_code == 404


@pytest.mark.parametrize(
    ("contact", "taken"),
    [
        ("agent@rhone.gouv.fr", True),
        ("agent@interieur.gouv.fr.evil.example", False),
        ("agent@evilrhone.gouv.fr", False),
        ("agent@sub.rhone.gouv.fr", False),
        ("agent@example.org", False),
    ],
)
def test_a_prefecture_writes_from_a_domain_of_the_list(post: Any, contact: str, taken: bool) -> None:
    OfficialDomain.objects.create(domain="rhone.gouv.fr", name="Rhône")
    OfficialDomain.objects.create(domain="interieur.gouv.fr", name="Intérieur")
    requester = Requester(contact, "prefecture")
    answer = requester.prove()
    assert answer.request["PATH_INFO"].endswith("/details/") == taken
    if taken:
        requester.send(jpeg())
        assert CopyRequest.objects.get().contact == contact


def test_a_lawyer_names_the_bar(post: Any) -> None:
    requester = Requester("bob@bar.example", "lawyer")
    requester.prove()
    assert "Write the bar" in requester.send(jpeg(), bar="").content.decode()
    requester.send(None)
    assert CopyRequest.objects.get().state == CopyRequest.State.RECEIVED


def test_a_document_that_was_taken_need_not_be_sent_again(post: Any) -> None:
    requester = Requester()
    requester.prove()
    page = requester.send(jpeg(), reasons="short").content.decode()
    assert "Your document was taken" in page
    assert "Your request was received" in requester.send().content.decode()


def test_a_file_that_is_no_document_is_named_and_nothing_typed_is_lost(post: Any) -> None:
    requester = Requester()
    requester.prove()
    page = requester.send(b"MZ a program").content.decode()
    assert "no PDF, JPEG or PNG" in page
    assert "To prove a lawful entry" in page


def test_a_giant_upload_is_not_even_read(post: Any) -> None:
    requester = Requester()
    requester.prove()
    page = reverse("copy-details", args=[requester.reference])
    answer = requester.client.post(
        page, b"x", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH="2000000000"
    )
    assert answer.status_code == 413


def test_somebody_elses_form_is_not_found(post: Any) -> None:
    requester = Requester()
    requester.prove()
    assert Client().get(reverse("copy-details", args=[requester.reference])).status_code == 404


def test_the_same_person_cannot_propose_and_decide(file: VisaFile) -> None:
    row = received(Requester())
    officer = signed_in(make_staff(Role.OFFICER, "dz-alg"))
    desk = reverse("admin:copy_desk", args=[row.pk])
    for act in (
        {"act": "identify", "how": "seen"},
        {"act": "match", "file": str(file.pk)},
        {"act": "grant"},
        {"act": "decide"},
    ):
        officer.post(desk, act)
    row.refresh_from_db()
    assert row.state == CopyRequest.State.PROPOSED
    with pytest.raises(IntegrityError, match="copy_needs_a_second_person"), transaction.atomic():
        CopyRequest.objects.filter(pk=row.pk).update(
            state="granted", decided_by=row.proposed_by, decided_at=timezone.now()
        )


def test_where_one_person_is_enough_the_proposal_decides(file: VisaFile) -> None:
    CopySettings.objects.create(post_key="dz-alg", two_persons=False)
    row = received(Requester())
    officer = signed_in(make_staff(Role.OFFICER, "dz-alg"))
    officer.post(reverse("admin:copy_desk", args=[row.pk]), {"act": "refuse", "refusal": "not_found", "text": ""})
    row.refresh_from_db()
    assert row.state == CopyRequest.State.REFUSED
    send_due()
    assert "Nothing was found" in str(mail.outbox[-1].body)
    assert "CADA" in str(mail.outbox[-1].body)


def test_no_copy_without_identity_and_file(file: VisaFile) -> None:
    row = received(Requester())
    officer = signed_in(make_staff(Role.OFFICER, "dz-alg"))
    officer.post(reverse("admin:copy_desk", args=[row.pk]), {"act": "grant"})
    row.refresh_from_db()
    assert row.state == CopyRequest.State.RECEIVED


def test_officers_of_another_post_see_and_decide_nothing(file: VisaFile) -> None:
    row = received(Requester())
    outsider = signed_in(make_staff(Role.OFFICER, "tn-tun"))
    assert outsider.get(reverse("admin:copy_desk", args=[row.pk])).status_code == 404
    assert outsider.get(reverse("admin:copy_document", args=[row.pk])).status_code == 404


def test_the_document_is_saved_never_shown_inline(file: VisaFile) -> None:
    row = received(Requester())
    officer = signed_in(make_staff(Role.OFFICER, "dz-alg"))
    answer = officer.get(reverse("admin:copy_document", args=[row.pk]))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_request_that_came_by_mail_enters_the_same_flow(file: VisaFile) -> None:
    officer = signed_in(make_staff(Role.OFFICER, "dz-alg"))
    fields = {
        "post": "dz-alg",
        "kind": "holder",
        "contact": ALICE,
        "family_name": "Benali",
        "birth_date_0": "12",
        "birth_date_1": "4",
        "birth_date_2": "1990",
        "reasons": "Residence permit, asked by mail.",
        "document": SimpleUploadedFile("a.jpg", jpeg(), "image/jpeg"),
    }
    officer.post(reverse("admin:copy_by_mail"), fields)
    row = CopyRequest.objects.get()
    assert (row.state, row.origin) == (CopyRequest.State.RECEIVED, "mail")
    send_due()
    assert mail.outbox[-1].to == [ALICE]


def test_unfinished_forms_go_after_a_day_with_their_document(post: Any) -> None:
    requester = Requester()
    requester.prove()
    requester.send(jpeg(), reasons="short")
    assert CopyUpload.objects.count() == 1
    run_erasure(timezone.now() + timedelta(hours=23))
    assert CopyRequest.objects.get().state == CopyRequest.State.DRAFT
    run_erasure(timezone.now() + timedelta(hours=25))
    assert not CopyRequest.objects.exists()
    assert not CopyUpload.objects.exists()


def test_requests_go_a_year_after_the_decision_or_after_the_silence(post: Any) -> None:
    now = timezone.now()
    CopySettings.objects.create(post_key="dz-alg", two_persons=False)
    decided = received(Requester())
    silent = received(Requester("bob@example.org"))
    actions.propose(decided, grant=False, by="omar", now=now, refusal="not_found")
    run_erasure(now + timedelta(days=364))
    assert set(CopyRequest.objects.all()) == {decided, silent}
    run_erasure(now + timedelta(days=366))
    assert set(CopyRequest.objects.all()) == {silent}
    run_erasure(now + timedelta(days=366 + 31))
    assert not CopyRequest.objects.exists()


def test_somebody_with_a_mandate_is_taken_where_the_post_says_so(post: Any) -> None:
    """Off by default: not offered, and refused when sent all the same; on, for this post alone."""
    requester = Requester("bob@example.org", "mandate")
    assert "mandate" not in requester.client.get(reverse("copy-start")).content.decode()
    sent = requester.client.post(reverse("copy-start"), {"post": "dz-alg", "kind": "mandate"})
    assert sent.status_code == 200
    make_post("tn-tun")
    CopySettings.objects.create(post_key="tn-tun", mandates=True)
    page = requester.client.post(reverse("copy-start"), {"post": "dz-alg", "kind": "mandate"}).content.decode()
    assert "answers the holder, a lawyer or a prefecture only" in page
    assert not CopyRequest.objects.exists()
    CopySettings.objects.create(post_key="dz-alg", mandates=True)
    assert "The signed mandate and a copy" in requester.prove().content.decode()
    requester.send(jpeg())
    assert CopyRequest.objects.get().state == CopyRequest.State.RECEIVED
