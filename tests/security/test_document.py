"""The security page names files and tests: each has to exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = sorted(set(re.findall(r"`([a-z_]+/[\w/.-]+(?:::\w+)?)`", PAGE)))
LINKED = sorted(set(re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", PAGE)))


@pytest.mark.parametrize("named", NAMED)
def test_what_the_page_names_exists(named: str) -> None:
    path, _, name = named.partition("::")
    assert (ROOT / path).exists()
    if name:
        assert re.search(rf"^(?:async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE)


@pytest.mark.parametrize("linked", LINKED)
def test_what_the_page_links_to_exists(linked: str) -> None:
    assert (ROOT / "docs" / linked).exists()


def test_the_page_names_many_tests() -> None:
    assert sum("::test_" in named for named in NAMED) > 60
