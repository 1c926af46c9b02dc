"""Words of templates that are kept for each language: the same bytes as without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.template import Context, Engine, engines
from django.template.base import Node, NodeList
from django.utils.translation import override

from visa_booking.folding import Words, _lists, fold


def _engine() -> Engine:
    return engines["django"].engine  # type: ignore[attr-defined,no-any-return]


def _names() -> list[str]:
    folder = Path(settings.BASE_DIR) / "templates"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in {".html", ".txt"})


def _words(nodes: NodeList) -> Iterator[Words]:
    for node in nodes:
        if isinstance(node, Words):
            yield node
        for inner in _lists(node):
            yield from _words(inner)


def _plain(nodes: list[Node], context: Context) -> str:
    return "".join(str(node.render_annotated(context)) for node in nodes)


def test_every_run_of_words_says_what_its_pieces_say_in_every_language() -> None:
    checked = 0
    for name in _names():
        for words in _words(_engine().get_template(name).nodelist):
            for code, _name in settings.LANGUAGES:
                with override(code):
                    context = Context()
                    assert words.render(context) == words.render(context) == _plain(words.nodes, context)
                    checked += 1
    assert checked > 1000


def test_what_depends_on_more_than_the_language_stays_as_it_is() -> None:
    text = (
        '{% load i18n static %}a{% translate word %}{% translate "yes" as y %}{% translate "yes"|upper %}{{ y }}'
        '{% translate "yes" context "answer" %}{% static path %}b'
    )
    engine = _engine()
    assert not list(_words(engine.from_string(text).nodelist))
    template = engine.from_string(text)
    fold(template.nodelist)
    assert not list(_words(template.nodelist))


def test_escaping_is_that_of_the_place() -> None:
    text = (
        '{% load i18n static %}<i>{% static "a&b.js" %}</i>'
        '{% autoescape off %}{% static "a&b.js" %}.{% endautoescape %}'
    )
    template = _engine().from_string(text)
    expected = template.render(Context())
    fold(template.nodelist)
    assert [template.render(Context()) for _ in range(2)] == [expected] * 2
