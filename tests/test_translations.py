"""Every sentence of the project exists in French and in Arabic, with the same placeholders.

The gettext programs are not needed: Django turns templates into Python-like source, Babel reads both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
APPS = ("vault", "mailroom", "accounts", "antibot", "appointments", "archives")
LANGUAGES = ("fr", "ar")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
# Named placeholders of both styles; a plain per cent sign is none.
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
ARABIC_DIGITS = re.compile("[٠-٩۰-۹]")

Message = str | tuple[str, ...]


def _sources(owner: str) -> Iterator[tuple[Path, bytes]]:
    """Python and templates that belong to `owner`: an app, or `root` for the project's own."""
    python = [ROOT / "visa_booking"] if owner == "root" else [ROOT / owner]
    for folder in python:
        for path in sorted(folder.rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, path.read_bytes()
    templates = ROOT / "templates"
    own = templates.glob("*.*") if owner == "root" else (templates / owner).rglob("*.*")
    for path in sorted(own):
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        yield path, source.encode()


def messages_of(owner: str) -> dict[tuple[str | None, Message], str]:
    """Every msgid (with its context) that `owner` uses, and the first place where it stands."""
    found: dict[tuple[str | None, Message], str] = {}
    for path, source in _sources(owner):
        for line, message, _comments, context in extract("python", BytesIO(source), KEYWORDS, options={}):
            ids = tuple(message) if isinstance(message, (tuple, list)) else message
            if any(ids):
                found.setdefault((context, ids), f"{path.relative_to(ROOT)}:{line}")
    return found


def catalog_of(owner: str, language: str) -> Catalog:
    """What `owner` has translated into `language`; the project's own words stand in two places."""
    folders = [ROOT / "locale", ROOT / "visa_booking" / "locale"] if owner == "root" else [ROOT / owner / "locale"]
    merged = Catalog(locale=language)
    for folder in folders:
        path = folder / language / "LC_MESSAGES" / "django.po"
        if path.exists():
            with path.open("rb") as stream:
                for entry in read_po(stream, locale=language, abort_invalid=True):
                    merged[entry.id] = entry
    return merged


def missing(owner: str, language: str) -> list[str]:
    """The messages without a translation, each with its place."""
    catalog = catalog_of(owner, language)
    gaps = []
    for (context, message), place in messages_of(owner).items():
        entry = catalog.get(message if isinstance(message, str) else message[0], context)
        strings = () if entry is None else entry.string if isinstance(entry.string, (tuple, list)) else (entry.string,)
        done = entry is not None and "fuzzy" not in entry.flags and bool(strings) and all(strings)
        if not done:
            gaps.append(f"{place}: {message!r}")
    return gaps


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("owner", [*APPS, "root"])
def test_every_sentence_is_translated(owner: str, language: str) -> None:
    gaps = missing(owner, language)
    assert not gaps, f"{len(gaps)} sentences of {owner} have no translation into {language}:\n" + "\n".join(gaps)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("owner", [*APPS, "root"])
def test_translations_keep_every_placeholder(owner: str, language: str) -> None:
    wrong = []
    for entry in catalog_of(owner, language):
        if not entry.id:
            continue
        ids = entry.id if isinstance(entry.id, (tuple, list)) else (entry.id,)
        strings = entry.string if isinstance(entry.string, (tuple, list)) else (entry.string,)
        allowed = {frozenset(PLACEHOLDER.findall(text)) for text in ids}
        wrong += [text for text in strings if text and frozenset(PLACEHOLDER.findall(text)) not in allowed]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("owner", [*APPS, "root"])
def test_arabic_sentences_use_latin_figures(owner: str) -> None:
    strings = [entry.string for entry in catalog_of(owner, "ar") if isinstance(entry.string, str)]
    assert not [text for text in strings if ARABIC_DIGITS.search(text)]


def test_the_check_finds_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "words.py").write_text('_("Nobody translated this")\n', encoding="utf-8")
    (tmp_path / "templates" / "vault").mkdir()
    page = "{% load i18n %}{% blocktranslate trimmed %}\n  Nor {{ this }}\n{% endblocktranslate %}"
    (tmp_path / "templates" / "vault" / "page.html").write_text(page, encoding="utf-8")
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    assert len(missing("vault", "fr")) == 2
