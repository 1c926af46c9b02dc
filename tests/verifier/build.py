"""Builds records literally from the protocol's text: slow, with JSON and plain loops, unlike the verifier."""

import datetime as dt
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
GENESIS = 1692803367
# Round 42 of quicknet, as every relay of the chain gives it. Its signature serves here for every round: the verifier
# says itself that it does not check signatures.
SIGNATURE = "95a9f9f5b231b7714de1553105d8ffdf3dcda24cfdb1e689319bccf79a9c8ce430a91b811fbfaf763900bc998b5d686a"
SECRET = "5e" * 32  # the 32 bytes of a demonstration

Line = dict[str, Any]


def spell(line: Line) -> bytes:
    """Section 2: one line."""
    return json.dumps(line, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def sha256(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def slot(number: int, day: str = "2026-03-02", time: int = 540, counter: int = 1, quota: str = "ordinary") -> Line:
    return {"counter": counter, "day": day, "quota": quota, "slot": number, "time": time}


def ticket(number: int, *, size: int = 1, lost: int = 0, quota: str = "ordinary", **wish: Any) -> Line:
    anything = {"earliest": 0, "first_day": "2026-01-01", "last_day": "2026-12-31", "latest": 1439, "weekdays": 127}
    fixed = {"lost": lost, "quota": quota, "size": size, "ticket": sha256(f"ticket {number}")[:32]}
    return {**anything, **fixed, "weight": min(1 + lost, 13), **wish}


def first_round() -> int:
    """Section 4, by counting, for the instant at which these lists are published."""
    published = dt.datetime(2026, 2, 1, 10, 0, 1, tzinfo=dt.UTC)
    round_number = 25_712_000
    while GENESIS + (round_number - 1) * 3 < published.timestamp() + 120:
        round_number += 1
    return round_number


@dataclass
class Record:
    """A record in the making: change what you like, then take its bytes."""

    slots: list[Line]
    tickets: list[Line]
    adjacent_minutes: int = 30
    source: str = "drand"
    header: Line = field(default_factory=dict)  # members of the list's header that differ from the right ones
    result: Line = field(default_factory=dict)  # the same for the result's
    signature: str = ""

    def __post_init__(self) -> None:
        self.slots.sort(key=lambda line: line["slot"])
        self.tickets.sort(key=lambda line: line["ticket"])
        self.signature = self.signature or (SIGNATURE if self.source == "drand" else SECRET)

    def list_lines(self) -> list[Line]:
        """Section 3."""
        header: Line = {
            "adjacent_minutes": self.adjacent_minutes,
            "chain": QUICKNET,
            "commitment": "",
            "draw": "dz-alg.short-stay.7",
            "genesis": GENESIS,
            "kind": "drawn",
            "part": "list",
            "period": 3,
            "policy": 4,
            "previous": sha256("the draw before"),
            "protocol": "v1",
            "published_at": "2026-02-01T10:00:01Z",
            "round": first_round(),
            "service": "dz-alg/short-stay",
            "slots": len(self.slots),
            "source": self.source,
            "tickets": len(self.tickets),
        }
        if self.source == "demonstration":
            commitment = sha256(f"demonstration|{self.signature}")
            header |= {"chain": "demonstration", "commitment": commitment, "genesis": 0, "period": 0, "round": 0}
        return [header | self.header, *self.slots, *self.tickets]

    def result_lines(self) -> list[Line]:
        """Sections 5 to 9."""
        list_hash = sha256(b"".join(map(spell, self.list_lines())))
        draw = self.list_lines()[0]["draw"]
        randomness = sha256(bytes.fromhex(self.signature))
        seed = hashlib.sha256(f"v1|{draw}|{list_hash}|{randomness}".encode()).digest()
        given = self.assign(self.order(seed))
        served = sum(1 for taken in given.values() if taken)
        header: Line = {
            "draw": draw,
            "list_hash": list_hash,
            "part": "result",
            "randomness": randomness,
            "seed": seed.hex(),
            "served": served,
            "signature": self.signature,
            "unserved": len(given) - served,
        }
        return [header | self.result, *({"slots": slots, "ticket": key} for key, slots in given.items())]

    def order(self, seed: bytes) -> list[Line]:
        def key(line: Line) -> tuple[bytes, str]:
            lots = [
                hmac.new(seed, f"{line['ticket']}|{j}".encode(), hashlib.sha256).digest()
                for j in range(1, line["weight"] + 1)
            ]
            return min(lots), line["ticket"]

        return sorted(self.tickets, key=key)

    def assign(self, order: list[Line]) -> dict[str, list[int]]:
        natural = sorted(self.slots, key=lambda s: (s["day"], s["time"], s["counter"], s["slot"]))
        free = {s["slot"] for s in natural}
        given: dict[str, list[int]] = {line["ticket"]: [] for line in order}
        for phase in (1, 2):
            for line in order:
                if given[line["ticket"]] or (phase == 1 and line["quota"] != "urgent"):
                    continue
                offered = [s for s in natural if s["slot"] in free and (phase == 2 or s["quota"] == "urgent")]
                given[line["ticket"]] = self.earliest_set(line, offered)
                free -= set(given[line["ticket"]])
        return given

    def earliest_set(self, line: Line, offered: list[Line]) -> list[int]:
        accepted = [s for s in offered if accepts(line, s)]
        for day in sorted({s["day"] for s in accepted}):
            of_day = [s for s in accepted if s["day"] == day]
            for i in range(len(of_day) - line["size"] + 1):
                run = of_day[i : i + line["size"]]
                if all(run[k + 1]["time"] - run[k]["time"] <= self.adjacent_minutes for k in range(len(run) - 1)):
                    return [s["slot"] for s in run]
        return []

    def lines(self) -> list[Line]:
        return self.list_lines() + self.result_lines()

    def bytes(self) -> bytes:
        return b"".join(map(spell, self.lines()))


def accepts(line: Line, s: Line) -> bool:
    weekday = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday").index(
        dt.date.fromisoformat(s["day"]).strftime("%A")
    )
    return (
        dt.date.fromisoformat(line["first_day"]) <= dt.date.fromisoformat(s["day"])
        and dt.date.fromisoformat(s["day"]) <= dt.date.fromisoformat(line["last_day"])
        and line["weekdays"] // 2**weekday % 2 == 1
        and line["earliest"] <= s["time"] <= line["latest"]
    )
