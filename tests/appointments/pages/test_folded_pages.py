"""Pages made of folded templates are those that Django's own loader makes."""

from __future__ import annotations

import copy
import re

import pytest
from django.template import engines
from django.test import Client
from pytest_django.fixtures import Settings

from tests.cast import Scene, open_slots

TOKEN = re.compile(rb'(csrfmiddlewaretoken" value=")\w+')
PAGES = ("/", "/help/", "/against-traffic/", "/posts/dz-alg/", "/posts/dz-alg/passport/", "/draws/", "/my/nowhere/")


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_pages_are_the_same_bytes_in_every_language(scene: Scene, settings: Settings, language: str) -> None:
    open_slots(scene.first_come, 3)

    def pages() -> list[bytes]:
        client = Client(headers={"accept-language": language})
        return [TOKEN.sub(rb"\1", client.get(path).content) for path in PAGES]

    folded, again = pages(), pages()
    assert folded == again
    plain = copy.deepcopy(settings.TEMPLATES)
    loaders = plain[0]["OPTIONS"]["loaders"]
    loaders[0] = ("django.template.loaders.cached.Loader", loaders[0][1])
    settings.TEMPLATES = plain
    template = engines["django"].get_template("appointments/service.html").template  # type: ignore[attr-defined]
    assert "Words" not in str(template.nodelist.get_nodes_by_type(object))
    assert pages() == folded
