"""What was flown already: kept in a folder, so that a campaign goes on where it was broken off.

    FOLDER/NAME/flown.json      how each flight ended, and which plan it was
    FOLDER/NAME/flight1-1/      its recording

Verdicts are never kept: they are given anew, from the recordings, each time.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from missions.errors import InputError, OutputError
from missions.files import read_bounded, write_whole
from missions.plan import Plan
from missions.plan_items import fence_items, mission_items, rally_items
from missions.sorties import flights
from sitl.proof.flight import Flown, in_order
from sitl.proof.parameters import parameters_of
from sitl.proof.proofs import Proof
from telemetry.flight import FlightResult

_LIMIT_BYTES = 1_000_000
_VERSION = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """What was flown of one plan, the UTC date, and how many times faster than real time it was asked for."""

    flown: tuple[Flown, ...]
    date: str
    speedup: float


class Ledger:
    """The folder. Raises OutputError where it cannot be made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot be made ({error.strerror})", where=str(folder), remedy="Choose another folder"
            ) from error

    def place(self, proof: Proof) -> Path:
        """The folder of one proof."""
        return self._folder / "".join(letter if letter.isalnum() else "-" for letter in proof.name)

    def clear(self, proof: Proof) -> Path:
        """The folder of one proof, emptied of a flight that was broken off."""
        shutil.rmtree(self.place(proof), ignore_errors=True)
        return self.place(proof)

    def keep(self, proof: Proof, plan: Plan, flown: Sequence[Flown], version: str, speedup: float) -> Entry:
        """Write down what was flown."""
        entry = Entry(tuple(flown), datetime.now(UTC).date().isoformat(), speedup)
        rows = [
            {
                "vehicle": each.vehicle,
                "start_s": each.start_s,
                "zero_s": each.zero_s,
                "autopilot": each.autopilot,
                "differences": list(each.differences),
                "recording": str(each.recording.relative_to(self.place(proof))),
                "result": dataclasses.asdict(each.result),
            }
            for each in flown
        ]
        held = {"key": _key(plan, version), "date": entry.date, "speedup": speedup, "flights": rows}
        write_whole(self.place(proof) / "flown.json", (json.dumps(held, indent=1) + "\n").encode())
        return entry

    def find(self, proof: Proof, plan: Plan, version: str) -> Entry | None:
        """What was flown of the same items with the same autopilot, None where that was not finished."""
        try:
            held = json.loads(read_bounded(self.place(proof) / "flown.json", _LIMIT_BYTES, "what was flown"))
            if held["key"] != _key(plan, version):
                return None
            rows = zip(in_order(plan), held["flights"], strict=True)
            flown = tuple(_flown(flight, row, self.place(proof)) for (_, _, flight), row in rows)
            return Entry(flown, str(held["date"]), float(held["speedup"]))
        except (InputError, ValueError, KeyError, TypeError):
            return None


def _flown(plan: Plan, row: dict[str, Any], folder: Path) -> Flown:
    recording = folder / row["recording"]
    if not recording.is_file():
        raise InputError("the recording is gone", where=str(recording))
    return Flown(
        plan=plan,
        result=FlightResult(**row["result"]),
        recording=recording,
        differences=tuple(row["differences"]),
        autopilot=row["autopilot"],
        vehicle=row["vehicle"],
        start_s=row["start_s"],
        zero_s=row["zero_s"],
    )


def _key(plan: Plan, version: str) -> str:
    """What tells one plan from another in the air: items and parameters of each flight, and its start.

    What a plan promises is not in it: where only that changes the flights are judged anew, not flown anew.
    """
    clock = [(sortie.vehicle, sortie.start_s) for sortie in plan.sorties]
    flown = [
        (mission_items(each), fence_items(each), rally_items(each), sorted(parameters_of(each).items()))
        for each in flights(plan)
    ]
    return hashlib.sha256(repr((_VERSION, version, clock, flown)).encode()).hexdigest()
