"""Looking for a file: by number, by birth date, by any usual spelling of a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.access import Scope
from archives.domain.names import alternatives, keys
from archives.queries.search import search
from tests.archives.makers import file_of

SPELLINGS = [
    ["Mohamed", "Mohammed", "Muhammad", "Mohamad", "محمد"],
    ["Benaissa", "Ben Aïssa", "BEN AISSA", "بن عيسى", "Benaïssa"],
    ["Abdelkader", "Abd El Kader", "Abd el-Kader", "عبد القادر", "Abdulkader"],
    ["Abderrahmane", "Abdurrahman", "Abdel Rahman", "عبد الرحمن", "Abd er-Rahmane"],
    ["Yacine", "Yassine", "Yasin", "ياسين"],
    ["Walid", "Oualid", "Waleed", "وليد"],
    ["Fatima", "Fatimah", "Fatma", "فاطمة"],
    ["Aïcha", "Aisha", "Aicha", "عائشة"],
    ["Khaled", "Khalid", "Kaled", "خالد"],
    ["Djamel", "Jamal", "جمال"],
    ["Boualem", "Bualem", "بوعلام"],
    ["Chérif", "Sharif", "Cherif", "شريف"],
    ["Ouahiba", "Wahiba", "وهيبة"],
    ["Nour-Eddine", "Noureddine", "نور الدين", "Nordine"],
    ["El Amrani", "Elamrani", "العمراني", "Amrani"],
    ["Youcef", "Yousef", "Youssef", "Yusuf", "يوسف"],
    ["Slimane", "Sulayman", "Soliman", "سليمان"],
    ["Bouteflika", "بوتفليقة"],
]
ALL = Scope(everything=True, post_keys=frozenset())


@pytest.mark.parametrize("spellings", SPELLINGS, ids=lambda row: row[0])
def test_every_usual_spelling_finds_every_other(spellings):
    for asked in spellings:
        for held in spellings:
            assert all(word & keys(held) for word in alternatives(asked)), (asked, held)


def test_different_names_stay_apart():
    firsts = [row[0] for row in SPELLINGS]
    meet = [(a, b) for a in firsts for b in firsts if a < b and keys(a) & keys(b)]
    assert meet == []


@given(st.text(max_size=60))
def test_any_text_has_keys_or_none_and_never_fails(text):
    assert all(key for key in keys(text))


@pytest.mark.django_db
def test_by_each_thing_that_somebody_knows():
    alice = file_of(1)
    file_of(2, family_name="MEZIANE", given_names="Charlie", birth_date="1985-01-30")
    for known in (
        {"passport": "ab 0000001"},
        {"visa_number": "FRA 000000001"},
        {"file_number": "dzalg2024 000001"},
        {"birth_date": "1990-04-12"},
        {"name": "nour BENALI"},
        {"name": "بن علي"},
        {"name": "Alice", "birth_date": "1990-04-12"},
    ):
        assert [one.file for one in search(ALL, **known).rows] == [alice], known
    assert search(ALL, name="Benali", birth_date="1985-01-30").rows == []
    assert search(ALL).rows == []


@pytest.mark.django_db
def test_the_likeliest_name_comes_first():
    far = file_of(1, family_name="HAMID", given_names="Mohand")
    near = file_of(2, family_name="HAMIDI", given_names="Mohamed")
    assert [one.file for one in search(ALL, name="Mohamed Hamidi").rows] == [near]
    assert {one.file.pk for one in search(ALL, name="Hamidi").rows} == {near.pk, far.pk}
    assert search(ALL, name="Hamidi").rows[0].file == near


@pytest.mark.django_db
def test_only_the_posts_of_the_person_who_asks():
    mine, _ = file_of(1, post="dz-alg"), file_of(2, post="ma-rab")
    scope = Scope(everything=False, post_keys=frozenset({"dz-alg"}))
    assert [one.file for one in search(scope, name="Benali").rows] == [mine]
    assert search(Scope(everything=False, post_keys=frozenset()), name="Benali").rows == []
