"""A campaign: every plan made, flown where it was not flown already, and judged."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from missions.errors import DroneteamError, SimulatorError
from missions.plan import Plan
from sitl.ardupilot import find, where_looked
from sitl.proof.flight import fly_plan
from sitl.proof.judge import judge
from sitl.proof.ledger import Entry, Ledger
from sitl.proof.proofs import Proof
from sitl.proof.table import Row
from telemetry.flight import FlightProgress

_EVERY_S = 2.0


@dataclass(frozen=True)
class Campaign:
    """Plans to prove, the folder that keeps what was flown, and how many times real time to fly at."""

    proofs: Sequence[Proof]
    folder: Path
    speedup: float = 10.0
    told: TextIO = field(default_factory=lambda: sys.stderr)

    def fly(self) -> list[Row]:
        """A row for each plan. Raises SimulatorError where no ArduPilot is found for any, OutputError."""
        kinds = {proof.kind for proof in self.proofs}
        if not any(find(kind) for kind in kinds):
            raise SimulatorError("; ".join(where_looked(kind) for kind in sorted(kinds)))
        ledger = Ledger(self.folder)
        return [self._row(number, proof, ledger) for number, proof in enumerate(self.proofs, 1)]

    def _row(self, number: int, proof: Proof, ledger: Ledger) -> Row:
        label = f"[{number}/{len(self.proofs)}] {proof.name}"
        began_s = time.monotonic()
        try:
            row = self._judged(proof, ledger, label)
        except DroneteamError as error:
            row = Row(proof.name, problem=str(error))
        word = "as promised" if row.holds else "NOT as promised" if row.verdict else row.problem
        self._say(f"{label}: {word} ({time.monotonic() - began_s:.0f} s)", end=True)
        return row

    def _judged(self, proof: Proof, ledger: Ledger, label: str) -> Row:
        binary = find(proof.kind)
        if binary is None:
            raise SimulatorError(where_looked(proof.kind))
        plan = proof.make()
        if plan.blocking:
            raise SimulatorError(f"the plan is blocked: {plan.blocking[0].text}")
        entry = ledger.find(proof, plan, binary.version)
        if entry is None:
            entry = self._flown(proof, plan, ledger, (label, binary.version))
        verdict = judge(plan, entry.flown, proof.name, terrain=proof.terrain, watched=proof.watched)
        return Row(proof.name, verdict, entry.date, entry.speedup)

    def _flown(self, proof: Proof, plan: Plan, ledger: Ledger, named: tuple[str, str]) -> Entry:
        label, version = named
        self._say(f"{label}: flying")
        progress = _Progress(self._say, label, max(1, len(plan.sorties)))
        flown = fly_plan(plan, ledger.clear(proof), speedup=self.speedup, tell=progress)
        return ledger.keep(proof, plan, flown, version, self.speedup)

    def _say(self, text: str, *, end: bool = False) -> None:
        """A line of progress; on a terminal the next one takes its place until `end`."""
        if self.told.isatty():
            self.told.write(f"\r\x1b[K{text}" + ("\n" if end else ""))
        else:
            self.told.write(f"{text}\n")
        self.told.flush()


class _Progress:
    """Tells how far the flights of one plan are, every few seconds."""

    def __init__(self, say: Callable[[str], None], label: str, flights: int) -> None:
        self._say = say
        self._label = label
        self._flights = flights
        self._lock = threading.Lock()
        self._parts: dict[int, str] = {}
        self._said_s = time.monotonic()

    def __call__(self, vehicle: int, number: int, progress: FlightProgress) -> None:
        """Take in how far one aircraft is."""
        with self._lock:
            done = f"{progress.phase} {progress.waypoint}/{progress.waypoint_count}"
            flight = f"aircraft {vehicle}, flight {number}: " if self._flights > 1 else ""
            self._parts[vehicle] = flight + done
            if time.monotonic() - self._said_s < _EVERY_S:
                return
            self._said_s = time.monotonic()
            parts = [self._parts[vehicle] for vehicle in sorted(self._parts)]
            self._say(f"{self._label}: {'; '.join(parts)}")
