"""Which sentences for people there are, and which a catalogue lacks."""

from __future__ import annotations

import io
from collections.abc import Container
from pathlib import Path

from babel.messages.extract import extract, extract_from_dir
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

APPS = ("visa_booking", "vault", "mailroom", "accounts", "antibot", "appointments", "archives")
KEYWORDS = {
    "gettext": None, "gettext_lazy": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3), "_": None, "_now": None,
}  # fmt: skip
Key = tuple[str | None, str]
Said = dict[Key, str | None]


def catalog(app: str, language: str) -> dict[Key, tuple[str, tuple[str, ...]]]:
    """(Context, singular) → (all that the original says, the translations)."""
    path = Path(settings.BASE_DIR) / app / "locale" / language / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return {}
    with path.open("rb") as stream:
        found = read_po(stream, locale=language, abort_invalid=True)
    rows = {}
    for message in found:
        if message.id and not message.fuzzy:
            originals = message.id if isinstance(message.id, tuple | list) else (message.id,)
            strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
            rows[(message.context, str(originals[0]))] = (" ".join(originals), tuple(str(text) for text in strings))
    return rows


def sentences(app: str) -> Said:
    """(Context, singular) → plural, of the code and templates of `app`; the frame of all pages is the project's."""
    root = Path(settings.BASE_DIR)
    found: Said = {}

    def add(message: str | tuple[str, ...], context: str | None) -> None:
        parts = message if isinstance(message, tuple) else (message,)
        found[(context, parts[0])] = parts[1] if len(parts) > 1 else None

    for row in extract_from_dir(root / app, method_map=[("**.py", "python")], keywords=KEYWORDS):
        add(row[2], row[4])
    pages = [path for path in (root / "templates" / app).rglob("*") if path.suffix in {".html", ".txt"}]
    if app == "visa_booking":
        pages += (root / "templates").glob("*.html")
    for page in pages:
        source = io.BytesIO(templatize(page.read_text(), origin=page.name).encode())
        for found_row in extract("python", source, keywords=KEYWORDS):
            add(found_row[1], found_row[3])
    return found


def missing(app: str, language: str) -> Said:
    """What `app` says and no catalogue of ours, nor Django's own, has in `language`."""
    known = {key for other in APPS for key in catalog(other, language)}
    with translation.override(language):
        own: Container[str] = vars(trans_real.translation(language))["_catalog"]
    return {key: plural for key, plural in sentences(app).items() if key not in known and key[1] not in own}
