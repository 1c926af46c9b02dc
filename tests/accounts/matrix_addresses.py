"""The addresses of the staff site as the matrix sees them, and what it asks of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver

from accounts.models import Role
from accounts.site import staff_site

OWN, FOREIGN = "dz-alg", "ma-rab"
# What stands in the other post's rows and must never be seen by people of this post.
CANARIES = ("Canaryville", "CANARYNAME", "canary@example.org", "canary reason", "Canary counter", "CANARYCASE12")
PUBLIC = {"login", "logout", "two_factor", "two_factor_enrol", "jsi18n"}
REFUSED = {302, 403, 404, 405}
LOCAL_ROLES = (Role.AGENT, Role.OFFICER, Role.HEAD)


@dataclass(frozen=True)
class Address:
    """A pattern of the admin: its name, its arguments, and the model whose page it is."""

    name: str
    arguments: tuple[str, ...]
    model: type[models.Model] | None = field(compare=False, default=None)


def addresses() -> list[Address]:
    """Every address of the staff site."""
    by_prefix = {f"{model._meta.app_label}_{model._meta.model_name}_": model for model in staff_site._registry}

    def walk(patterns: list[Any], kept: tuple[str, ...]) -> Iterator[Address]:
        for pattern in patterns:
            arguments = (*kept, *pattern.pattern.regex.groupindex)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, arguments)
            elif isinstance(pattern, URLPattern) and pattern.name:
                model = next((m for p, m in by_prefix.items() if pattern.name.startswith(p)), None)
                yield Address(pattern.name, arguments, model)

    return sorted(set(walk(staff_site.get_urls(), ())), key=lambda address: (address.name, address.arguments))


def names_foreign(arguments: dict[str, Any]) -> bool:
    """Whether something in an address belongs to the other post alone; a slug below one's own post is one's own."""
    own_alone = {"object_id", "pk", "reference", "closure_id", "number", "file_id"}
    return arguments.get("post_key") == FOREIGN or bool(own_alone & set(arguments))


def _body(answer: Any) -> str:
    if answer.streaming:
        return b"".join(answer.streaming_content).decode(errors="replace")
    return str(answer.content.decode(errors="replace"))


def ask(client: Client, method: str, path: str) -> Any:
    data = {"mark": "1:match"} if method == "post" else {"term": "C", "q": "C", "app_label": "x", "model_name": "y"}
    return getattr(client, method)(path, data)


def leaks_in(answer: Any) -> list[str]:
    text = _body(answer)
    return [canary for canary in CANARIES if canary in text]
