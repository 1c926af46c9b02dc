"""What is known about posts, services and fees, read from `appointments/data/`.

The files hold facts with their source and certainty. What the facts do not say is filled from the
defaults in the same file, and the name of every field filled that way, or doubtful by its source,
is kept so that the admin can ask for confirmation.
"""

import json
from dataclasses import dataclass
from datetime import time
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["CategoryFacts", "PostFacts", "category_facts", "post_facts", "subdivision_of"]

LANGUAGES = ("fr", "ar", "en")
WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}


@dataclass(frozen=True, slots=True)
class CategoryFacts:
    """A visa category or another consular service."""

    code: str
    slug: str
    kind: str
    identity_family: str
    labels: dict[str, str]
    documents: dict[str, str]
    fee_cents: int | None
    fee_note: str
    urgent_possible: bool
    vis_scope: bool
    share: int
    to_confirm: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PostFacts:
    """A post with everything that is needed to open it; defaults filled in."""

    key: str
    country: str
    timezone: str
    names: dict[str, str]
    provider: str | None
    consulate: str
    languages: tuple[str, ...]
    working_days: tuple[int, ...]
    opens: time
    closes: time
    capacity_per_day: int | None
    planned_per_day: int
    duration_minutes: int
    service_fee_cents: int
    payment_deadline_hours: int
    visa_codes: tuple[str, ...]
    consular_codes: tuple[str, ...]
    visits_days_a_month: int | None
    subdivision: str | None
    closed_reason: str
    source: str
    certainty: str
    to_confirm: tuple[str, ...]
    service_to_confirm: tuple[str, ...]


@cache
def category_facts() -> tuple[CategoryFacts, ...]:
    """All categories, in the order of the file."""
    document = _read("categories.json")
    fees = _read("fees.json")
    cents = {fee["code"]: fee["cents"] for fee in fees["fees"]}
    return tuple(_category(entry, document, cents, fees["notes"]) for entry in document["categories"])


@cache
def post_facts() -> tuple[PostFacts, ...]:
    """All posts, in the order of the file."""
    document = _read("posts.json")
    visa_codes = tuple(entry.code for entry in category_facts() if entry.identity_family == "visa")
    return tuple(_post(entry, document["defaults"], visa_codes) for entry in document["posts"])


def subdivision_of(post_key: str) -> str | None:
    """The part of the country whose public holidays a post keeps, where that is known."""
    return next((entry.subdivision for entry in post_facts() if entry.key == post_key), None)


def _read(name: str) -> dict[str, Any]:
    text = files("appointments").joinpath("data", name).read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def _category(
    entry: dict[str, Any], document: dict[str, Any], cents: dict[str, int], notes: dict[str, str]
) -> CategoryFacts:
    lines = [
        *document["common_documents"][entry["identity_family"]],
        *entry["documents"],
        document["caveat"],
    ]
    doubtful = [*entry.get("doubtful", ()), "documents"]
    return CategoryFacts(
        code=entry["code"],
        slug=entry["slug"],
        kind=entry["kind"],
        identity_family=entry["identity_family"],
        labels=entry["label"],
        documents={language: "\n".join(line[language] for line in lines) for language in LANGUAGES},
        fee_cents=cents[entry["fee"]] if "fee" in entry else None,
        fee_note=notes.get(entry.get("fee", ""), ""),
        urgent_possible=entry.get("urgent_possible", False),
        vis_scope=entry["vis_scope"],
        share=entry["share"],
        to_confirm=tuple(doubtful),
    )


def _post(entry: dict[str, Any], defaults: dict[str, Any], visa_codes: tuple[str, ...]) -> PostFacts:
    assumed = [name for name in ("working_days", "hours", "capacity_per_day") if name not in entry]
    assumed += ["address", "contact_email", "languages", "services"]
    service_assumed = ["duration_minutes"]
    service_assumed += [name for name in ("service_fee_cents", "payment_deadline_hours") if name not in entry]
    doubtful = entry.get("doubtful", [])
    if "service_fee" in doubtful:
        service_assumed.append("service_fee_cents")
    usual_days = defaults["working_days_by_country"].get(entry["country"], defaults["working_days"])
    opens, closes = (time.fromisoformat(part) for part in entry.get("hours", defaults["hours"]).split("-"))
    offered = visa_codes if entry.get("services") == "all" else tuple(defaults["services"])
    return PostFacts(
        key=entry["key"],
        country=entry["country"],
        timezone=entry["timezone"],
        names=entry["name"],
        provider=entry["provider"],
        consulate=entry.get("consulate", ""),
        languages=tuple(entry["languages"]),
        working_days=tuple(WEEKDAYS[day] for day in entry.get("working_days", usual_days)),
        opens=opens,
        closes=closes,
        capacity_per_day=entry.get("capacity_per_day"),
        planned_per_day=entry.get("capacity_per_day", defaults["capacity_per_day"]),
        duration_minutes=defaults["duration_minutes"],
        service_fee_cents=entry.get("service_fee_cents", defaults["service_fee_cents"]),
        payment_deadline_hours=entry.get("payment_deadline_hours", defaults["payment_deadline_hours"]),
        visa_codes=(*offered, *(code for code in entry.get("extra_services", ()) if code not in offered)),
        consular_codes=tuple(entry.get("consular_services", ())),
        visits_days_a_month=entry.get("visits_days_a_month"),
        subdivision=entry.get("subdivision"),
        closed_reason=entry.get("closed_reason", ""),
        source=_source(entry),
        certainty=entry["certainty"],
        to_confirm=tuple(sorted({*assumed, *doubtful} - {"service_fee"})),
        service_to_confirm=tuple(sorted(set(service_assumed))),
    )


def _source(entry: dict[str, Any]) -> str:
    facts = (f"{name.replace('_', ' ')}: {value}" for name, value in entry.get("facts", {}).items())
    return "\n".join((entry["source"], *facts))
