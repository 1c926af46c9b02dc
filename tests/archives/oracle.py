"""A second opinion on retention dates, written from the texts and not from the code: it walks the calendar day by day.

It takes raw dictionaries, keeps no state machine, and answers questions ("does the file still stand on this day?").
Nothing is shared with `archives.domain`.
"""

# ruff: noqa: C408, RET503 - written in another hand than the code it judges, on purpose

from datetime import date, timedelta

DAY = timedelta(days=1)
VISA = ("ISSUED", "EXTENDED", "SHORTENED")
OVER = ("REFUSED", "ANNULLED", "REVOKED")
SHUT = ("WITHDRAWN", "CLOSED", "DISCONTINUED")
RULING = {
    "REFUSED": "REFUSAL_ANNULLED_FINAL",
    "ANNULLED": "ANNULMENT_QUASHED_FINAL",
    "REVOKED": "REVOCATION_QUASHED_FINAL",
}


def d(text):
    return date(*map(int, text.split("-")))


def days_from(first):
    while True:
        yield first
        first += DAY


def ends(start, months):
    """Walk forward; the period is over on the same date, or on the last day of the month that lacks it."""
    passed, previous = 0, start
    for day in days_from(start + DAY):
        if day.day == 1:
            passed += 1
        if passed == months:
            tomorrow_is_another_month = (day + DAY).month != day.month
            if day.day == start.day or (tomorrow_is_another_month and day.day < start.day):
                return day
        assert day == previous + DAY
        previous = day


def corrected(events):
    events = [dict(e) for e in events]
    for at, event in enumerate(events):
        if event["type"] == "CORRECTED" and event["field"] == "valid_until":
            reached = [e for e in events[:at] if e.get("valid_until")][-1]
            reached["valid_until"] = event["value"]
    return events


def alive(events):
    """Read backwards: a final ruling that is still owed swallows the next decision of its kind."""
    owed, kept = dict.fromkeys(RULING.values(), 0), []
    for event in reversed(events):
        kind = event["type"]
        if kind in owed:
            owed[kind] += 1
        elif owed.get(RULING.get(kind, ""), 0):
            owed[RULING[kind]] -= 1
        elif kind in VISA + OVER + SHUT:
            kept.insert(0, event)
    return kept


def last_of(events, kinds):
    found = [e for e in events if e["type"] in kinds]
    return found[-1] if found else None


def opinion(events, profile):
    """`{start, last, gone, advance, partials, copy}` as dates, for a history that is in order."""
    events = corrected(events)
    created = last_of(events, ("FILE_CREATED",))
    drafts = [d(e["date"]) for e in events if e["type"].startswith("DRAFT")]
    if created is None:
        if profile != "CESEDA_R142_64":
            return dict(start=None, last=None, gone=None, advance=False, partials=set(), copy=None)
        last = ends(max(drafts), 3)
        return dict(start=max(drafts), last=last, gone=last + DAY, advance=False, partials=set(), copy=None)
    creation = d(created["date"])
    stands = alive(events)
    status = last_of(stands, VISA + OVER) or last_of(stands, SHUT)
    expiries = [e["valid_until"] for e in stands if e["type"] in VISA and e.get("valid_until")]
    expiry = d(expiries[-1]) if expiries else None
    start = last = None
    if status:
        kind, decided = status["type"], d(status["date"])
        national = profile == "CESEDA_R142_64"
        if kind in SHUT:
            start = creation
        elif kind in OVER or national or (kind == "SHORTENED" and profile in ("VIS", "SEED_2012")):
            start = decided
        else:
            start = expiry
        last = ends(start, 60)
        if national and kind not in SHUT:
            last = max(last, minimum(events, stands, status, decided, expiry))
    told = [d(e["date"]) for e in events if e["type"] == "NATIONALITY_ACQUIRED_NOTIFIED"]
    advance = False
    if told:
        at_once = max(min(told), creation)
        if last is None or at_once < last:
            last, advance = at_once, True
    return dict(
        start=start,
        last=last,
        gone=last + DAY if last else None,
        advance=advance,
        partials={p for p in parts(events, creation, status, profile) if last is None or p[1] < last},
        copy=hold(events, last),
    )


def minimum(events, stands, status, decided, expiry):
    """Visa Code 37(3): a year (two before 2 February 2020), the appeal's end, the visa's validity; short stays only."""
    category = next((e.get("category") or "C" for e in stands if e["type"] == "ISSUED"), "C")
    if category == "D":
        return date.min
    least = ends(decided, 24 if decided < date(2020, 2, 2) else 12)
    dismissed = [d(e["date"]) for e in events if e["type"] == "APPEAL_DISMISSED_FINAL"]
    valid = [expiry] if status["type"] in VISA and expiry else []
    return max([least, *dismissed, *valid])


def parts(events, creation, status, profile):
    for event in events:
        if event["type"] == "REFUSAL_ANNULLED_FINAL":
            yield ("refusal_data_art12", d(event["date"]))
    if profile == "CESEDA_R142_64":
        first = next((e for e in events if e["type"] in ("ISSUED", "REFUSED")), None)
        if first:
            yield ("fingerprints", ends(d(first["date"]), 1))
        elif status:
            yield ("fingerprints", ends(creation, 1))


def hold(events, last):
    """Walk on from the last day: while somebody holds, the copy stands."""
    if last is None:
        return None
    changes = [(d(e["date"]), 1 if e["type"] == "LEGAL_HOLD_SET" else -1) for e in events if "LEGAL_HOLD" in e["type"]]
    if sum(step for day, step in changes if day <= last) <= 0:
        return None
    later = sorted(day for day, step in changes if day > last)
    for day in later:
        if sum(step for when, step in changes if when <= day) == 0:
            return (last + DAY, day)
    return (last + DAY, None)
