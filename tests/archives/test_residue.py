"""Residue in what cannot be read by looking: each place with what was planted, and the control beside it."""

import base64
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from accounts.sessions import SessionStore
from archives.actions.change_holder import change_holder
from archives.actions.note_mentions import note_mentions
from archives.domain.mentions import identifiers_in
from archives.erasure import sealed_residue
from archives.erasure.residue import ResidueFoundError, find_in_files
from archives.erasure.run import run_erasure
from archives.erasure.sealed_residue import OWN_WORDS, encrypted_columns
from archives.models import CopyRequest, DataRequest, ErasureRun, VisaFile
from mailroom.models import Letter
from tests.archives.makers import DUE, NOW, file_of, holder, refused
from vault import rotation
from vault.arrays import bigints, texts

pytestmark = pytest.mark.django_db
# What file 1 carries and nobody else.
PASSPORT, NUMBER, MAIL = "AB0000001", "DZALG2024000001", "alice1@example.org"


def letter(text):
    Letter.objects.create(kind="k", subject_key="x", not_before=NOW, created_at=NOW, payload={"lines": [{"of": text}]})


def answer(text):
    wish = {"kind": "erasure", "contact": "bob@example.org", "contact_index": b"x", "text": "please", "language": "fr"}
    DataRequest.objects.create(**wish, made_at=NOW, answer=text, answered_at=NOW)


def refusal(text):
    CopyRequest.objects.create(
        post_key="dz-alg", kind="holder", language="fr", created_at=NOW, refusal="other", refusal_text=text
    )


def remark(text):
    other = file_of(2)
    change_holder(other, holder(2, remarks=text), NOW, None)


def session(text):
    _session({"note": ["x", text]})


def _session(payload):
    data = SessionStore().encode(payload)
    Session.objects.create(session_key="k" * 32, session_data=data, expire_date=NOW + timedelta(hours=1))


PLACES = {
    letter: "mailroom_letter (payload)",
    answer: "archives_datarequest (answer)",
    refusal: "archives_copyrequest (refusal_text)",
    remark: "archives_visafile (sealed)",
    session: "django_session (session_data)",
}


@pytest.mark.parametrize(
    ("plant", "text"),
    [
        *((plant, f"of {PASSPORT}, see") for plant in PLACES),
        (remark, "AB-000.0001"),
        (letter, f"to {MAIL}."),
        (session, NUMBER.lower()),
    ],
)
def test_what_was_planted_is_found_and_named_by_place_alone(plant, text):
    file_of(1, refused(DUE))
    plant(text)
    with pytest.raises(ResidueFoundError) as found:
        run_erasure(NOW)
    assert found.value.places == [PLACES[plant]]
    run = ErasureRun.objects.get()
    assert run.state == "failed"
    assert PASSPORT not in run.failure
    assert not VisaFile.objects.filter(gone_from__lte=NOW.date()).exists()


def test_other_words_in_the_same_places_are_no_residue():
    file_of(1, refused(DUE))
    for plant in PLACES:
        plant("AB0000077 of somebody else, 2026-11-23, carol@example.org")
    assert run_erasure(NOW).state == "finished"


def test_what_people_wrote_themselves_is_their_own_living_record_and_excuses_the_answer_to_it():
    file_of(1, refused(DUE))
    wish = {"kind": "erasure", "contact": MAIL, "contact_index": b"x", "language": "fr", "made_at": NOW}
    DataRequest.objects.create(**wish, text=f"erase {NUMBER}", answer=f"{NUMBER} goes tonight", answered_at=NOW)
    assert run_erasure(NOW).state == "finished"


def test_the_address_that_a_visitor_typed_is_theirs_and_goes_with_the_session():
    file_of(1, refused(DUE))
    _session({"my_address": MAIL})
    assert run_erasure(NOW).state == "finished"
    assert Session.objects.exists()
    run_erasure(NOW + timedelta(hours=2))
    assert not Session.objects.exists()


def test_a_session_that_nobody_can_read_stops_nothing():
    file_of(1, refused(DUE))
    Session.objects.create(session_key="k" * 32, session_data="forged", expire_date=NOW + timedelta(hours=1))
    assert run_erasure(NOW).state == "finished"


def test_without_the_look_into_what_is_sealed_it_would_stay(monkeypatch):
    """The control: the same residue passes where only what is readable is looked at."""
    monkeypatch.setattr(sealed_residue.Erased, "look", lambda _self: None)
    file_of(1, refused(DUE))
    letter(PASSPORT)
    assert run_erasure(NOW).state == "finished"


def test_every_encrypted_column_is_looked_at_or_known_as_a_persons_own():
    looked = {(m._meta.label, name) for m, names in encrypted_columns(own_words=False) for name in names}
    own = {(m._meta.label, name) for m, names in encrypted_columns(own_words=True) for name in names}
    assert own == {(label, name) for label, names in OWN_WORDS.items() for name in names}
    assert not looked & own
    assert ("mailroom.Letter", "payload") in looked


def test_a_value_without_its_key_does_not_stop_the_search_in_the_others():
    file_of(1, refused(DUE))
    letter("nothing")
    letter(PASSPORT)
    with connection.cursor() as cursor:
        first = Letter.objects.order_by("pk").values_list("pk", flat=True)[0]
        cursor.execute("UPDATE mailroom_letter SET payload = %s WHERE id = %s", [b"\x09" + bytes(40), first])
    with pytest.raises(ResidueFoundError, match="mailroom_letter"):
        run_erasure(NOW)


def test_files_from_before_the_index_are_looked_at_once():
    file_of(1, refused(DUE))
    remark(f"see {PASSPORT}")
    VisaFile.objects.update(mentions=None)
    assert note_mentions(10) == 2
    assert note_mentions(10) == 0
    assert VisaFile.objects.filter(mentions__len__gt=0).count() == 1
    with pytest.raises(ResidueFoundError, match="sealed"):
        run_erasure(NOW)


def test_after_a_new_index_key_what_others_mention_is_still_found():
    rotation.index_key_in_force()
    file_of(1, refused(DUE))
    remark(f"see {PASSPORT}")
    new = base64.b64encode(b"n" * 32).decode()
    with override_settings(INDEX_KEY=new, INDEX_KEY_FALLBACKS=[settings.INDEX_KEY]):
        call_command("rotate_keys", "index", stdout=StringIO())
        with pytest.raises(ResidueFoundError, match="sealed"):
            run_erasure(NOW)


def test_a_stored_file_that_goes_while_folders_are_read_holds_nothing(settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path
    (tmp_path / "gone").symlink_to("nowhere")  # in the list of the folder, and not there any more
    (tmp_path / "left").write_text(f"of {PASSPORT}")
    assert list(find_in_files({PASSPORT}, everything=True)) == ["left"]


def test_any_identifier_is_sent_to_the_database_as_it_is():
    odd = ['a"b', "c\\d", "e,f", "{g}", "NULL", "h i", "é'"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[], %s::bigint[]", [texts(odd), bigints([-1, 2**40])])
        assert cursor.fetchone() == (odd, [-1, 2**40])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12 rue de la Paix, Alger", set()),
        ("see file dz-alg-2024-0001", {"DZ-ALG-2024-0001", "DZALG20240001"}),
        ("tel. 0551234", {"0551234"}),
        ("write to a.b@example.org.", {"A.B@EXAMPLE.ORG.", "A.B@EXAMPLE.ORG", "AB@EXAMPLEORG"}),
    ],
)
def test_what_looks_like_an_identifier(text, found):
    assert identifiers_in(text) == found
