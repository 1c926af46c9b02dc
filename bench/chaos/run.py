"""The run itself: people begin, faults come one after the other, everything settles, and the books are compared."""

import io
import json
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

from django.core.management import call_command
from django.db import Error, connections
from django.test.utils import override_settings
from django.utils import timezone

from bench.chaos import scene, verdict
from bench.chaos.client import CONTESTED, Task, walk
from bench.chaos.plan import Fault
from bench.chaos.site import Site
from bench.chaos.verdict import Window, lines
from bench.chaos.witness import Witness
from bench.report import Row
from devtool import places

HOLDERS, PEOPLE_A_SECOND = 2, 1.2
WORTH_A_REASON_SECONDS = 1.0
FIRST_SECONDS, WARM_SECONDS, CLOSE_SECONDS, SETTLE_SECONDS = 40.0, 20.0, 25.0, 60.0


class Run:
    """One run on a site whose servers are up and whose tables are empty."""

    def __init__(self, site: Site, plan: list[Fault], seconds: float) -> None:
        """`seconds` of faults in all, shared by their weights."""
        self.site, self.plan, self.seconds = site, plan, seconds
        self.clients: list[subprocess.Popen[bytes]] = []
        self.windows: list[Window] = []
        self.violations: list[str] = []
        self.slots: list[str] = []
        self.settled_in = 0.0

    def whole(self) -> tuple[list[Row], list[str]]:
        """Do it; rows for the table, and one line a violation."""
        self.slots = scene.make_scene()["slots"]
        count_before = scene.slot_count()
        people = scene.people_for(CONTESTED, 0, int(HOLDERS * self.seconds * PEOPLE_A_SECOND) + 10)
        connections.close_all()
        self.site.start_nodes()
        self.began = time.monotonic()
        if not self.site.wait_ready(90):
            raise RuntimeError(self._logs())
        self._send_people(people)
        self.witness = Witness(self.site)
        self._break()
        self.witness.stop()
        self._heal()
        self._judge(count_before)
        return self._rows(), self.violations

    def _send_people(self, people: list[dict[str, Any]]) -> None:
        """Start the clients and the bank."""
        until = time.monotonic() + FIRST_SECONDS + WARM_SECONDS + self.seconds * 3
        common = {
            "folder": str(self.site.folder), "ports": self.site.nodes, "public": self.site.nodes[0], "until": until,
            "slots": self.slots, "cookies": scene.cookie_names(),
        }  # fmt: skip
        first = {"kind": "walker", "name": "first", "seed": 9, "people": [], "until": time.monotonic() + FIRST_SECONDS}
        walk(Task(**(common | first)), whole=1)
        for n in range(HOLDERS):
            self._client(common | {"kind": "holder", "name": f"holder{n}", "seed": n, "people": people[n::HOLDERS]})
        for n, kind in enumerate(("looker",) if self.site.lean else ("looker", "walker")):
            self._client(common | {"kind": kind, "name": kind, "seed": n, "people": []})
        self._process("bench.chaos.bank", {"folder": common["folder"], "ports": self.site.nodes, "seed": 7})
        warm = time.monotonic() + WARM_SECONDS
        books = [self.site.folder / f"{name}.answers" for name in ("holder0", "looker")]
        while time.monotonic() < warm and not all(book.exists() and book.stat().st_size for book in books):
            self._watch(time.monotonic() + 0.2)

    def _client(self, task: dict[str, Any]) -> None:
        self._process("bench.chaos.client", task)

    def _process(self, module: str, task: dict[str, Any]) -> None:
        with (self.site.folder / f"{task.get('name', 'bank')}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=places.ROOT
            )
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        process.stdin.write(json.dumps(task).encode())
        process.stdin.close()
        self.clients.append(process)

    def _break(self) -> None:
        """One fault after the other; the supervisor works all the time."""
        unit = self.seconds / sum(fault.weight for fault in self.plan)
        for fault in self.plan:
            began = time.monotonic()
            print(f"  {fault.name}: {fault.says}", flush=True)
            fault.begin(self.site)
            begun = time.monotonic()
            self._watch(begun + unit * fault.weight * fault.share)
            fault.end(self.site)
            self._watch(begun + unit * fault.weight)
            self.windows.append(Window(fault.name, fault.says, began, time.monotonic()))

    def _watch(self, until: float) -> None:
        while time.monotonic() < until:
            self.site.supervise()
            time.sleep(0.1)

    def _heal(self) -> None:
        """Everything is whole again; then pauses and leases are over at once, instead of after minutes."""
        began = time.monotonic()
        (self.site.folder / "enough").touch()
        *people, bank = self.clients
        deadline = began + CLOSE_SECONDS
        for client in people:
            with suppress(subprocess.TimeoutExpired):
                while client.poll() is None and time.monotonic() < deadline:
                    self.site.supervise()
                    time.sleep(0.1)
            client.kill()
            client.wait()
        if not self.site.wait_ready(45):
            self.violations.append("not every part came back by itself")
        (self.site.folder / "closing").touch()
        for name in ("beat-a", "beat-b", "worker-a", "worker-b"):
            self.site.stop(
                name
            )  # nothing is under way, so no lease is cut short of a living worker, and nothing new comes
        deadline = time.monotonic() + SETTLE_SECONDS
        addresses = {"EMAIL_PORT": self.site.ports["letterbox"], "PUBLIC_ORIGIN": self.site.env["VISA_PUBLIC_ORIGIN"]}
        with override_settings(**addresses):
            while time.monotonic() < deadline and (self._waiting() or bank.poll() is None):
                self.site.supervise()
                self._sweep()
                time.sleep(0.2)
        if bank.poll() is None:
            self.violations.append("the bank still has messages that nobody accepted")
            bank.kill()
        bank.wait()
        self.settled_in = time.monotonic() - began

    def _sweep(self) -> None:
        """What the workers do, with every pause over: letters, notices and refunds have their next attempt now."""
        from antibot.models import Charge, SandboxNotice
        from antibot.tasks import move_money
        from appointments.tasks import take_payment_events
        from mailroom.models import Letter
        from mailroom.post import send_due

        now = timezone.now()
        try:
            Letter.objects.filter(state__in=["waiting", "sending"], not_before__gt=now).update(not_before=now)
            SandboxNotice.objects.filter(delivered_at=None, not_before__gt=now).update(not_before=now)
            Charge.objects.filter(state="refund_due", refund_not_before__gt=now).update(refund_not_before=now)
            move_money()
            take_payment_events()
            send_due()
        except Error:
            connections.close_all()

    def _waiting(self) -> bool:
        from antibot.models import Charge, OutboxEvent, SandboxNotice
        from mailroom.models import Letter

        try:
            return (
                Letter.objects.filter(state__in=["waiting", "sending"]).exists()
                or SandboxNotice.objects.filter(delivered_at=None).exists()
                or Charge.objects.filter(state="refund_due").exists()
                or OutboxEvent.objects.filter(consumed_at=None).exists()
            )
        except Error:
            connections.close_all()
            return True

    def _judge(self, count_before: int) -> None:
        ended = time.monotonic()
        wrong = [window for window in self.windows if window.name.startswith("clock")]
        self.history = verdict.history_of(self.site.folder, scene.final_holders(self.slots), self.slots, ended, wrong)
        self.violations += verdict.claims(self.history)
        self.letters = verdict.letters(self.site.folder)
        self.violations += self.letters.violations + verdict.money(self.site.folder)
        self.ticks, twice = verdict.ticks(ended - self.began)
        self.violations += twice
        if scene.slot_count() != count_before:
            self.violations.append(f"there were {count_before} slots, and are {scene.slot_count()}")
        said = io.StringIO()
        try:
            call_command("check_integrity", stdout=said)
        except SystemExit:
            self.violations += said.getvalue().splitlines()

    def _rows(self) -> list[Row]:
        answers = list(lines(self.site.folder, ".answers"))
        rows = []
        for window in self.windows:
            seen = verdict.seen_in(answers, window)
            bad = ", ".join(f"{count} × {status}" for status, count in seen.bad.items())
            times = f"longest without a good answer {seen.outage:.1f} s, slowest {seen.slowest:.1f} s"
            if seen.outage > WORTH_A_REASON_SECONDS:
                times += f" ({self.witness.saw(seen.outage_began, seen.outage_began + seen.outage)})"
            note = f"of {seen.requests}; {bad or 'all answered'}; {times}; {window.says}"
            rows.append(Row(window.name, seen.share * 100, "% failed", note=note))
        takes = [one for one in self.history if one.kind == "take"]
        by = {name: sum(one.outcome == name for one in takes) for name in ("ok", "refused", "unknown")}
        walks = list(lines(self.site.folder, ".walks"))
        whole = sum(not entry["lost"] for entry in walks)
        rows += [
            Row("operations in the history", len(self.history), ""),
            Row("takes that were answered yes", by["ok"], "", note=f"no: {by['refused']}, not at all: {by['unknown']}"),
            Row("whole bookings", whole, "", note=f"of {len(walks)} begun; one that a fault met was begun anew"),
            Row("letters", self.letters.sent, "", note=f"{self.letters.surplus} copies after a lost acknowledgement"),
            Row("ticks decided", self.ticks, "", note="by two beats, none twice"),
            Row("parts started again", self.site.restarts, "", note=f"disk: {self.site.volume.kind}"),
            Row("settled after", self.settled_in, "s"),
            Row("violations", len(self.violations), "", "none", not self.violations),
        ]
        return rows

    def _logs(self) -> str:
        parts = [f"{path.name}: {path.read_text(errors='replace')[-600:]}" for path in self.site.folder.glob("*.log")]
        return "The site did not come up.\n" + "\n".join(parts)
