"""Random histories that could have happened, as hypothesis strategies."""

from datetime import date, timedelta

from hypothesis import strategies as st

LEAP = [date(2016, 2, 29), date(2020, 2, 29), date(2024, 2, 29), date(2019, 2, 28), date(2023, 2, 28)]
FIRST = date(2015, 1, 1)
PROFILES = ("VIS", "SEED_2012", "VIS_2021_1134", "CESEDA_R142_64")
ENDED = ("ANNULLED", "REVOKED")
RULING = {
    "REFUSED": "REFUSAL_ANNULLED_FINAL",
    "ANNULLED": "ANNULMENT_QUASHED_FINAL",
    "REVOKED": "REVOCATION_QUASHED_FINAL",
}

days = st.one_of(st.dates(FIRST, date(2022, 12, 31)), st.sampled_from(LEAP[:2]), st.sampled_from(LEAP[3:4]))
gaps = st.one_of(st.integers(0, 40), st.integers(0, 900))


@st.composite
def histories(draw, categories=("A", "C"), steps=8):  # noqa: C901, PLR0912 - one branch for each kind of event
    """A list of raw events of one file, in order, that the texts allow."""
    day = draw(days)
    events = []
    if draw(st.booleans()) and draw(st.booleans()):
        events.append({"type": "DRAFT_CREATED", "date": (day - timedelta(days=draw(gaps))).isoformat()})
        if draw(st.integers(0, 3)) == 0:
            events.append({"type": "DRAFT_MODIFIED", "date": day.isoformat()})
            return events
    events.append({"type": "FILE_CREATED", "date": day.isoformat()})
    standing = [None]  # decisions that stand, newest last: (kind, expiry)
    holds = 0
    for _ in range(draw(st.integers(0, steps))):
        day += timedelta(days=draw(gaps))
        kind, expiry = standing[-1] or (None, None)
        choices = [
            "NATIONALITY_ACQUIRED_NOTIFIED",
            "LEGAL_HOLD_SET",
            "APPEAL_LODGED",
            "CLOSED",
            "WITHDRAWN",
            "DISCONTINUED",
        ]
        if holds:
            choices.append("LEGAL_HOLD_LIFTED")
        if kind in ("ISSUED", "EXTENDED", "SHORTENED"):
            choices += ["EXTENDED", "SHORTENED", "CORRECTED", *ENDED] * 2
        elif kind in RULING:
            choices += [RULING[kind], "APPEAL_DISMISSED_FINAL"] * 2 + (
                ["ISSUED", "REFUSED"] if kind == "REFUSED" else []
            )
        else:
            choices += ["ISSUED", "REFUSED"] * 5
        event = {"type": draw(st.sampled_from(choices)), "date": day.isoformat()}
        name = event["type"]
        if name == "ISSUED":
            until = draw(st.one_of(st.sampled_from([x for x in LEAP if x >= day] or [day]), st.just(None)))
            until = until or day + timedelta(days=draw(st.integers(0, 2200)))
            event |= {
                "valid_from": day.isoformat(),
                "valid_until": until.isoformat(),
                "category": draw(st.sampled_from(categories)),
            }
            standing.append((name, until))
        elif name == "EXTENDED":
            until = expiry + timedelta(days=draw(st.integers(0, 90)))
            event["valid_until"] = until.isoformat()
            standing.append((name, until))
        elif name == "SHORTENED":
            until = expiry - timedelta(days=draw(st.integers(0, 3)))
            issue = next(e for e in reversed(events) if e["type"] == "ISSUED")
            until = max(until, date.fromisoformat(issue["valid_from"]))
            event["valid_until"] = until.isoformat()
            standing.append((name, until))
        elif name == "CORRECTED":
            if kind != "ISSUED":
                continue
            until = expiry + timedelta(days=draw(st.integers(0, 30)))
            event |= {"field": "valid_until", "value": until.isoformat()}
            standing[-1] = (kind, until)
        elif name in ("REFUSED", *ENDED):
            standing.append((name, expiry))
        elif name in RULING.values():
            standing.pop()
        elif name == "LEGAL_HOLD_SET":
            holds += 1
        elif name == "LEGAL_HOLD_LIFTED":
            holds -= 1
        events.append(event)
    return events
