"""Run the radar: find groups, open or refresh their cases. Nothing else happens by itself."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from antibot.domain.clusters import Cluster, Seen, clusters
from antibot.domain.picture import LETTERS
from antibot.domain.policy import Policy
from antibot.limits.counting import CountingAwayError, call
from antibot.limits.shadow import observe
from antibot.limits.tallies import Kind, Outcome, tally
from antibot.models import Charge, RadarCase, Sighting
from antibot.queries.policies import in_force

WINDOW = timedelta(days=14)
MOST = 50_000  # sightings of one post that are compared at once


def seen_at(post_key: str, since: datetime) -> list[Seen]:
    """The sightings of a post since an instant, with the card that paid for each subject."""
    rows = list(Sighting.objects.filter(post_key=post_key, at__gte=since).order_by("-at")[:MOST])
    subjects = {row.subject for row in rows if row.subject}
    cards: dict[str, bytes] = {
        subject: bytes(card)
        for subject, card in Charge.objects.filter(
            payment__subject__in=subjects, instrument_index__isnull=False
        ).values_list("payment__subject", "instrument_index")
        if subject and card
    }
    return [
        Seen(
            subject=row.subject,
            identity=bytes(row.identity_index),
            at=row.at,
            session=bytes(row.session_hash),
            network=bytes(row.network_index),
            shared_network=row.shared,
            contact=bytes(row.contact_index) if row.contact_index else None,
            pattern=bytes(row.pattern_index) if row.pattern_index else None,
            card=cards.get(row.subject),
        )
        for row in rows
    ]


def watch(now: datetime) -> int:
    """Look at every post with sightings in the window; returns how many cases were opened or grew."""
    since = now - WINDOW
    posts = Sighting.objects.filter(at__gte=since).order_by().values_list("post_key", flat=True).distinct()
    touched = 0
    for post_key in posts:
        force = in_force(post_key)
        if force.policy.radar:
            for cluster in clusters(seen_at(post_key, since), force.policy.radar_threshold):
                touched += _case(post_key, cluster, now)
        if force.shadow is not None:
            _observe(post_key, seen_at(post_key, since), force.policy, force.shadow, force.shadow_version, now)
    return touched


def _observe(
    post_key: str, seen: list[Seen], policy: Policy, shadow: Policy, version: int | None, now: datetime
) -> None:
    """Which groups would a version in shadow show? Each group is counted once, when it is first seen."""
    for cluster in clusters(seen, min(policy.radar_threshold, shadow.radar_threshold)):
        key = f"wr{version}:{_fingerprint(post_key, cluster).hex()[:24]}"
        try:
            fresh = call("set", key, 1, ex=int(WINDOW.total_seconds()), nx=True)
        except CountingAwayError:
            return
        if fresh:
            would = shadow.radar and cluster.score >= shadow.radar_threshold
            observe(version, "radar", would_refuse=would, now=now)


def _fingerprint(post_key: str, cluster: Cluster) -> bytes:
    """A group keeps its case as it grows: it is named by its earliest sighting."""
    first = min(cluster.seen, key=lambda one: (one.at, one.identity))
    return hashlib.sha256(post_key.encode() + first.identity + first.session).digest()


@transaction.atomic
def _case(post_key: str, cluster: Cluster, now: datetime) -> bool:
    explanation = [{"signal": str(r.signal), "count": r.count, "points": r.points} for r in cluster.reasons]
    facts = {
        "score": cluster.score,
        "explanation": explanation,
        "subjects": sorted({one.subject for one in cluster.seen if one.subject}),
        "identities": cluster.identities,
        "last_seen": max(one.at for one in cluster.seen),
    }
    fingerprint = _fingerprint(post_key, cluster)
    case = RadarCase.objects.select_for_update().filter(fingerprint=fingerprint).first()
    if case is None:
        RadarCase.objects.create(
            reference="S" + "".join(secrets.choice(LETTERS) for _ in range(9)),
            fingerprint=fingerprint,
            post_key=post_key,
            first_seen=min(one.at for one in cluster.seen),
            opened_at=now,
            **facts,
        )
        transaction.on_commit(partial(tally, post_key, Kind.CASE, Outcome.OPENED, now))
        return True
    if case.state != RadarCase.State.OPEN or case.last_seen >= facts["last_seen"]:  # type: ignore[operator]
        # People were told about these subjects: more of them make a case of their own after the decision.
        return False
    for name, value in facts.items():
        setattr(case, name, value)
    case.save(update_fields=list(facts))
    return True
