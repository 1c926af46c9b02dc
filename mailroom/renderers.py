"""Who writes which letter: apps register a function per kind."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Envelope:
    """A letter ready to be sent."""

    to: str
    subject: str
    text: str
    html: str = ""
    language: str = "fr"
    attachments: list[tuple[str, bytes, str]] = field(default_factory=list)


Renderer = Callable[[str, dict[str, Any] | None], Envelope | None]
_RENDERERS: dict[str, Renderer] = {}


class UnknownKindError(LookupError):
    """Nobody registered a renderer for this kind of letter."""


def renderer(kind: str) -> Callable[[Renderer], Renderer]:
    """Register the decorated function `(subject_key, payload) -> Envelope | None` for `kind`; None drops the letter."""

    def register(function: Renderer) -> Renderer:
        if kind in _RENDERERS:
            raise ValueError(f"Two renderers for {kind}.")
        _RENDERERS[kind] = function
        return function

    return register


def render(kind: str, subject_key: str, payload: dict[str, Any] | None) -> Envelope | None:
    """The envelope of a letter, or None. Raises UnknownKindError."""
    if kind not in _RENDERERS:
        raise UnknownKindError(kind)
    return _RENDERERS[kind](subject_key, payload)


def known_kinds() -> frozenset[str]:
    """Every kind that somebody can render."""
    return frozenset(_RENDERERS)
