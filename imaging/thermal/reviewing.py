"""What people decided of finds: kept in the document with its history, and carried into a later run's finds.

    proposed ──a person──> confirmed or dismissed ──a person──> any of the three

A find of a new run is the find of an older one where both rest on the same spots of the same frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import orjson

from imaging.thermal.features import document_bytes
from imaging.thermal.find import STATES, Decision, Find
from imaging.thermal.same import SAME_SHARE, Spot, shares
from missions.bounded_json import check_values, load_json, text_from_bytes
from missions.errors import FormatError, InputError
from missions.files import read_bounded, write_whole

LIMIT_BYTES = 100_000_000
MOST_VALUES = 6_000_000
"""Some 27,000 finds: two hours of flight over warm stones give a third of that."""
LONGEST_NAME, LONGEST_REASON = 100, 500
Document = dict[str, Any]


def read_finds(path: Path) -> Document:
    """The finds in a file as `imaging.finds` writes them. Raises InputError and FormatError."""
    try:
        text = text_from_bytes(read_bounded(path, LIMIT_BYTES, "the finds"))
    except ValueError as error:
        raise FormatError("is no text", where=str(path), remedy="Run the search again") from error
    check_values(text, str(path), MOST_VALUES)
    try:
        document = orjson.loads(text)  # five times as fast: a room that is live does not wait for seconds
    except orjson.JSONDecodeError:
        document = load_json(text, str(path), "Run the search again", MOST_VALUES)
    if not isinstance(document, dict) or not isinstance(document.get("features"), list):
        raise FormatError("is no GeoJSON of finds", where=str(path), remedy="Run the search again")
    return document


def find_in(document: Document, name: str) -> dict[str, Any]:
    """The properties of a find. Raises InputError where there is none of that name."""
    found = {each["find"]: each for each in finds_in(document)}
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
    write_whole(path, document_bytes(document))


def carried(
    finds: Sequence[Find], earlier: Document, decisions: Mapping[str, Sequence[Decision]] | None = None
) -> tuple[tuple[Find, ...], tuple[str, ...]]:
    """Finds with what was decided of the same things in an earlier document, and in words what had no heir.

    `decisions` by find are later ones than those in the document, where they are kept elsewhere. A find that
    has a history already keeps it.
    """
    later = dict(decisions) if decisions is not None else {}
    old = [(each, (*history_of(each), *later.get(each["find"], ()))) for each in finds_in(earlier)]
    old = [(each, history) for each, history in old if history]
    histories: dict[int, tuple[Decision, ...]] = {}
    heirs: set[int] = set()
    joined: list[str] = []
    same = shares([spots_of(each) for each, _ in old], [_spots(find) for find in finds])
    for _, k, n in sorted((-share, k, n) for share, k, n in same if share >= SAME_SHARE):
        if n in histories or k in heirs or finds[n].history:
            if n in histories and k not in heirs and histories[n][-1].state != old[k][1][-1].state:
                joined.append(_joined(old[k][0], old[k][1][-1], finds[n].id, histories[n][-1]))
            heirs.add(k)
            continue
        histories[n] = old[k][1]
        heirs.add(k)
    lost = tuple(
        f"{each['find']} of an earlier run, {history[-1].state} by {history[-1].by}, is not among these"
        for k, (each, history) in enumerate(old)
        if k not in heirs
    )
    kept = tuple(replace(f, history=histories.get(n, f.history)) for n, f in enumerate(finds))
    return kept, (*joined, *lost)


def _joined(old: Mapping[str, Any], lost: Decision, heir: str, kept: Decision) -> str:
    return (
        f"{old['find']} of an earlier run, {lost.state} by {lost.by}, is now one with {heir}, "
        f"which stays {kept.state} by {kept.by}"
    )


def finds_in(document: Document) -> list[dict[str, Any]]:
    """The properties of all finds."""
    told = [each.get("properties") for each in document["features"] if isinstance(each, dict)]
    return [
        each
        for each in told
        if isinstance(each, dict) and each.get("kind") == "find" and isinstance(each.get("find"), str)
    ]


def spots_of(properties: Mapping[str, Any]) -> list[Spot]:
    """The spots on which a find of a document rests, of the sightings that it tells."""
    told = properties.get("sightings")
    rows = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    return [
        (str(row.get("sha256")), float(row["col_px"]), float(row["row_px"]))
        for row in rows
        if isinstance(row.get("col_px"), int | float) and isinstance(row.get("row_px"), int | float)
    ]


def _spots(find: Find) -> list[Spot]:
    return [(s.sha256, s.spot.col, s.spot.row) for s in find.sightings]
