"""What people decided of finds: kept in the document with its history, and carried into a later run's finds.

    proposed ──a person──> confirmed or dismissed ──a person──> any of the three

A find of a new run is the find of an older one where both rest on the same spots of the same frames.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from imaging.thermal.find import STATES, Decision, Find
from missions.bounded_json import load_json, text_from_bytes
from missions.errors import FormatError, InputError
from missions.files import read_bounded, write_whole

LIMIT_BYTES = 50_000_000
LONGEST_NAME, LONGEST_REASON = 100, 500
_SAME_PX = 4.0
_SAME_SHARE = 0.5
Document = dict[str, Any]
Spot = tuple[str, float, float]


def read_finds(path: Path) -> Document:
    """The finds in a file as `imaging.finds` writes them. Raises InputError and FormatError."""
    try:
        text = text_from_bytes(read_bounded(path, LIMIT_BYTES, "the finds"))
    except ValueError as error:
        raise FormatError("is no text", where=str(path), remedy="Run the search again") from error
    document = load_json(text, str(path))
    if not isinstance(document, dict) or not isinstance(document.get("features"), list):
        raise FormatError("is no GeoJSON of finds", where=str(path), remedy="Run the search again")
    return document


def find_in(document: Document, name: str) -> dict[str, Any]:
    """The properties of a find. Raises InputError where there is none of that name."""
    found = {each["find"]: each for each in _finds(document)}
    if name not in found:
        some = ", ".join(sorted(found)[:5])
        raise InputError(f"there is no find {name!r}", remedy=f"It holds {some or 'no finds'}")
    return found[name]


def history_of(properties: Mapping[str, Any]) -> tuple[Decision, ...]:
    """The decisions on a find, oldest first; what is none is left out."""
    told = properties.get("history")
    made = [decision_of(each) for each in told] if isinstance(told, list) else []
    return tuple(each for each in made if each is not None)


def decision_of(told: object) -> Decision | None:
    """A decision out of a document; None for what is none."""
    if not isinstance(told, Mapping) or told.get("state") not in STATES:
        return None
    texts = [told.get(name) for name in ("by", "why", "time")]
    if not all(isinstance(text, str) for text in texts):
        return None
    return Decision(told["state"], *(str(text) for text in texts))


def checked(decision: Decision) -> Decision:
    """A decision by somebody and for a reason. Raises InputError for one without."""
    by, why = decision.by.strip(), decision.why.strip()
    if not by or not why:
        raise InputError("who decides and why must be said", remedy="Give a name and a reason")
    for text, most, what in ((by, LONGEST_NAME, "the name"), (why, LONGEST_REASON, "the reason")):
        if len(text) > most or not text.isprintable():
            raise InputError(f"{what} is no line of at most {most} characters", remedy="Shorten it")
    return replace(decision, by=by, why=why)


def decided(document: Document, name: str, decision: Decision) -> Document:
    """The document with one more decision on a find. Raises InputError."""
    before = find_in(document, name)
    history = [*history_of(before), checked(decision)]
    after = {**before, "state": decision.state, "history": [asdict(each) for each in history]}
    features = [
        {**f, "properties": after} if f.get("properties") is before else f for f in document["features"]
    ]
    return {**document, "features": features}


def write_finds(path: Path, document: Document) -> None:
    """Write it whole or not at all. Raises OutputError."""
    write_whole(path, json.dumps(document, indent=1, allow_nan=False).encode())


def carried(
    finds: Sequence[Find], earlier: Document, decisions: Mapping[str, Sequence[Decision]] | None = None
) -> tuple[tuple[Find, ...], tuple[str, ...]]:
    """Finds with what was decided of the same things in an earlier document, and in words what had no heir.

    `decisions` by find are later ones than those in the document, where they are kept elsewhere. A find that
    has a history already keeps it.
    """
    later = dict(decisions) if decisions is not None else {}
    old = [(each, (*history_of(each), *later.get(each["find"], ()))) for each in _finds(earlier)]
    old = [(each, history) for each, history in old if history]
    spots = [_spots_of(each) for each, _ in old]
    histories: dict[int, tuple[Decision, ...]] = {}
    heirs: set[int] = set()
    pairs = sorted(
        ((-_shared(spots[k], _spots(find)), n, k) for n, find in enumerate(finds) for k in range(len(old))),
    )
    for share, n, k in pairs:
        if -share < _SAME_SHARE or n in histories or k in heirs or finds[n].history:
            heirs |= {k} if -share >= _SAME_SHARE else set()
            continue
        histories[n] = old[k][1]
        heirs.add(k)
    lost = tuple(
        f"{each['find']} of an earlier run, {history[-1].state} by {history[-1].by}, is not among these"
        for k, (each, history) in enumerate(old)
        if k not in heirs
    )
    return tuple(replace(f, history=histories.get(n, f.history)) for n, f in enumerate(finds)), lost


def _finds(document: Document) -> list[dict[str, Any]]:
    """The properties of all finds."""
    told = [each.get("properties") for each in document["features"] if isinstance(each, dict)]
    return [
        each
        for each in told
        if isinstance(each, dict) and each.get("kind") == "find" and isinstance(each.get("find"), str)
    ]


def _spots(find: Find) -> list[Spot]:
    return [(s.sha256, s.spot.col, s.spot.row) for s in find.sightings]


def _spots_of(properties: Mapping[str, Any]) -> list[Spot]:
    told = properties.get("sightings")
    rows = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    return [
        (str(row.get("sha256")), float(row["col_px"]), float(row["row_px"]))
        for row in rows
        if isinstance(row.get("col_px"), int | float) and isinstance(row.get("row_px"), int | float)
    ]


def _shared(old: Sequence[Spot], new: Sequence[Spot]) -> float:
    """The share of the smaller find's spots that the other has too."""
    if not old or not new:
        return 0.0
    by_frame: dict[str, list[Spot]] = {}
    for spot in new:
        by_frame.setdefault(spot[0], []).append(spot)
    same = sum(
        any(math.hypot(col - c, row - r) <= _SAME_PX for _, c, r in by_frame.get(sha, ()))
        for sha, col, row in old
    )
    return same / min(len(old), len(new))
