"""The figures of searches that were flown: `python -m tests.imaging.flown_table SEARCHES...` sums them up."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

CONTRASTS_K = ((0, 1), (1, 2), (2, 4), (4, 99))
LISTS = (10, 50)
PODS = ((0.0, 0.4), (0.4, 0.7), (0.7, 1.0))
Record = dict[str, Any]


def read(paths: Iterable[Path]) -> list[Record]:
    """Every search in files of one line of JSON each, by its seed."""
    lines = (line for path in paths for line in path.read_text().splitlines() if line.strip())
    return sorted((json.loads(line) for line in lines), key=lambda record: record["seed"])


def table(searches: Sequence[Record]) -> Record:
    """By detector and light: who was found, how soon, how far off, and what was found beside them."""
    night, day = ([s for s in searches if s["night"] is dark] for dark in (True, False))
    made: Record = {
        "searches": len(searches),
        "flights": len({round(s["wind_m_s"], 9) for s in searches}),
        "frames": sum(s["frames"] for s in searches),
    }
    for light, some in (("night", night), ("day", day), ("all", list(searches))):
        if some:
            made[light] = {name: _figures(name, some) for name in some[0]["alarms"]} | _either(some)
    return made


def _figures(name: str, searches: Sequence[Record]) -> Record:
    people = [(person, person["answers"][name]) for s in searches for person in s["people"]]
    found = [(person, answer) for person, answer in people if answer["finds"]]
    alarms = [s["alarms"][name] for s in searches]
    return {
        "people": len(people),
        "found": len(found),
        "found_in_the_open": _share([each for each in people if each[0]["canopy"] == 0]),
        "found_under_leaves": _share([each for each in people if each[0]["canopy"] > 0]),
        "found_by_contrast_k": {
            f"{low:g}-{high:g}": _share([each for each in people if low <= abs(each[0]["contrast_k"]) < high])
            for low, high in CONTRASTS_K
        },
        "found_in_first": {
            str(length): sum(answer["better"] < length for _, answer in found) for length in LISTS
        },
        "said_person": sum(answer["kind"] == "person?" for _, answer in found),
        "one_find_each": sum(answer["finds"] == 1 for _, answer in found),
        "seconds_from_take_off": _spread([answer["seconds"] for _, answer in found]),
        "off_m": _spread([answer["off_m"] for _, answer in found]),
        "ellipse_semi_major_m": _spread([answer["semi_major_m"] for _, answer in found]),
        "ellipse_holds": sum(answer["holds"] for _, answer in found),
        "false_alarms_above_him": _spread([answer["better"] for _, answer in found]),
        "false_alarms": _spread([each["nobody"] for each in alarms]),
        "false_alarms_said_person": _spread([each["nobody_as_person"] for each in alarms]),
        "false_alarms_in_two_frames": _spread([each["nobody_seen_twice"] for each in alarms]),
        "false_alarms_of": {
            kind: round(float(np.mean([each["of"].get(kind, 0) for each in alarms])), 1)
            for kind in sorted({kind for each in alarms for kind in each["of"]})
        },
        "processor_s": _spread([each["processor_s"] for each in alarms]),
    }


def _either(searches: Sequence[Record]) -> Record:
    """People found by one detector at least, against what the search model foretold."""
    people = [person for s in searches for person in s["people"]]
    return {
        "foretold": {
            f"{low:g}-{high:g}": _foretold(
                [p for p in people if low <= p["pod"] < high or p["pod"] == high == 1]
            )
            for low, high in PODS
        }
        | {"all": _foretold(people)},
        "pos": _spread([s["pos"] for s in searches]),
    }


def _foretold(people: Sequence[Record]) -> Record:
    names = sorted({name for person in people for name in person["answers"]})
    found = {name: sum(p["answers"][name]["finds"] > 0 for p in people) for name in names}
    either = sum(any(answer["finds"] for answer in p["answers"].values()) for p in people)
    pods = [p["pod"] for p in people]
    return {
        "people": len(people),
        "mean_pod": _mean(pods),
        "expected": round(sum(pods), 1),
        **found,
        "either": either,
    }


def _share(people: Sequence[tuple[Record, Record]]) -> str:
    return f"{sum(answer['finds'] > 0 for _, answer in people)} of {len(people)}"


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 3) if values else None


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    """Median, least and most."""
    if not values:
        return None
    return {
        "median": round(float(np.median(values)), 2),
        "least": round(float(min(values)), 2),
        "most": round(float(max(values)), 2),
    }


if __name__ == "__main__":
    json.dump(table(read(map(Path, sys.argv[1:]))), sys.stdout, indent=1)
    sys.stdout.write("\n")
