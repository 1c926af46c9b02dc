"""Every sentence for people is there in every language. What is missing: `manage.py missing_sentences APP LANGUAGE`."""

from __future__ import annotations

import re

import pytest

from visa_booking.sentences import APPS, catalog, missing, sentences

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("app", APPS)
def test_every_sentence_is_translated(app: str, language: str) -> None:
    assert sorted(missing(app, language), key=str) == []


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("app", APPS)
def test_no_translation_is_empty_or_loses_a_placeholder(app: str, language: str) -> None:
    wrong = []
    for (_context, key), (original, strings) in catalog(app, language).items():
        wanted = set(PLACEHOLDER.findall(original))
        for text in strings:
            found = set(PLACEHOLDER.findall(text))
            # Of several forms one may spell its number out ("one place", "two places").
            if not text.strip() or found - wanted or (len(strings) == 1 and wanted - found):
                wrong.append(key)
    assert wrong == []


def test_sentences_of_code_and_templates_are_found() -> None:
    assert (None, "There is no such page") in sentences("visa_booking")
    assert (None, "To the first page") in sentences("visa_booking")


@pytest.mark.parametrize("app", APPS)
def test_arabic_sentences_use_latin_figures(app: str) -> None:
    strings = [text for _original, texts in catalog(app, "ar").values() for text in texts]
    assert not [text for text in strings if re.search("[٠-٩۰-۹]", text)]
