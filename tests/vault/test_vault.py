"""Encrypted fields: unreadable in the database, bound to their column, readable under older keys."""

import base64

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mailroom.models import Letter
from vault.cipher import UnreadableError, decrypt, encrypt, key_id_of
from vault.index import blind_index
from vault.text import canonical, document_number, latin_digits, name_key

ONE = "1:" + base64.b64encode(b"a" * 32).decode()
TWO = "2:" + base64.b64encode(b"b" * 32).decode()


@given(st.binary(max_size=2000))
def test_what_was_encrypted_comes_back(plain: bytes) -> None:
    assert decrypt(encrypt(plain, "a.b.c"), "a.b.c") == plain


@given(st.binary(min_size=1, max_size=60), st.data())
def test_any_changed_bit_is_noticed(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(encrypt(plain, "a.b.c"))
    position = data.draw(st.integers(1, len(sealed) - 1))
    sealed[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(UnreadableError):
        decrypt(bytes(sealed), "a.b.c")


def test_a_value_moved_to_another_column_does_not_decrypt() -> None:
    with pytest.raises(UnreadableError):
        decrypt(encrypt(b"Alice", "a.person.name"), "a.person.passport")


def test_two_encryptions_of_one_value_differ() -> None:
    assert encrypt(b"Alice", "a.b.c") != encrypt(b"Alice", "a.b.c")


def test_the_highest_key_encrypts_and_older_keys_still_read() -> None:
    with override_settings(FIELD_KEYS=ONE):
        old = encrypt(b"Alice", "a.b.c")
    with override_settings(FIELD_KEYS=f"{ONE},{TWO}"):
        assert decrypt(old, "a.b.c") == b"Alice"
        assert key_id_of(encrypt(b"Alice", "a.b.c")) == 2
    with override_settings(FIELD_KEYS=TWO), pytest.raises(UnreadableError):
        decrypt(old, "a.b.c")


@pytest.mark.parametrize("broken", ["", "1", "0:" + ONE[2:], "256:" + ONE[2:], "1:AAAA", "1:not base64!"])
def test_unreadable_keys_are_refused_by_name(broken: str) -> None:
    with override_settings(FIELD_KEYS=broken), pytest.raises(ImproperlyConfigured):
        encrypt(b"Alice", "a.b.c")


def test_the_database_holds_no_plain_text(db: None) -> None:
    now = timezone.now()
    letter = Letter.objects.create(
        kind="x", subject_key="s", payload={"to": "alice@example.org"}, not_before=now, created_at=now
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM mailroom_letter WHERE id = %s", [letter.pk])
        stored = bytes(cursor.fetchone()[0])
    assert b"alice" not in stored
    assert Letter.objects.get().payload == {"to": "alice@example.org"}


def test_an_encrypted_field_cannot_be_searched(db: None) -> None:
    with pytest.raises(FieldError):
        Letter.objects.filter(payload="x").exists()


def test_blind_indexes_are_equal_for_equal_values_and_unrelated_between_purposes() -> None:
    assert blind_index("passport", "AB1") == blind_index("passport", "AB1")
    assert blind_index("passport", "AB1") != blind_index("contact", "AB1")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Ben\u200b Ali\u202e ", "Ben Ali"),
        ("A\x00B", "AB"),
        ("a\tb\r\n c", "a b c"),
        ("ＡＢ１", "AB1"),
    ],
)
def test_canonical_text(typed: str, stored: str) -> None:
    assert canonical(typed) == stored


def test_digits_of_other_keyboards_become_latin() -> None:
    assert latin_digits("٠١٢٣٤٥٦٧٨٩ ۴۵۶") == "0123456789 456"


def test_document_numbers_and_names_compare_without_spelling_differences() -> None:
    assert document_number("ab-12 ٣٤") == "AB1234"
    assert name_key("Bén-Àlï  d'Arc") == "ben ali d arc"
