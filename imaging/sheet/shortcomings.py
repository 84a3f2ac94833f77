"""What a scene lacks, for its sheet: checks, what was set aside or looks doubtful, photos left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imaging.checks import Check

MOST_LISTED = 20
"""Of photos, blunders and doubts; of the rest the report is named."""
DUTCH = (
    (r"it has no GPS position", "heeft geen GPS-positie"),
    (r"it is the same file as (.*)", r"is hetzelfde bestand als \1"),
    (r"its position lies (\d+) km from the others", r"ligt volgens zijn positie \1 km van de andere"),
    (r"it fits no other photo", "past aan geen andere foto"),
    (
        r"it fits no other photo; only its own GPS and gimbal say where it belongs",
        "past aan geen andere foto; alleen zijn eigen GPS en gimbal zeggen waar hij hoort",
    ),
    (
        r"it shows too little detail to fit it to the others",
        "toont te weinig detail om aan de andere te passen",
    ),
    (
        r"it overlaps others, but (?:not the main group|what they share fits no place of its camera)",
        "overlapt andere, maar past niet in het geheel",
    ),
    (
        r"the mark lies where (.*) is seen: names swapped\?",
        r"de aanwijzing ligt waar \1 te zien is: namen verwisseld?",
    ),
    (
        r"the mark lies (\d+) pixels from where the other photos show the point",
        r"de aanwijzing ligt \1 pixels van waar de andere foto's het punt tonen",
    ),
    (
        r"the mark lies ([\d.]+) pixels from where the other photos show the point: too far to be chance",
        r"de aanwijzing ligt \1 pixels van waar de andere foto's het punt tonen: te ver voor toeval",
    ),
    (
        r"it lies (.*) m \(east, north, up\) from what all the rest says: too far to be chance",
        r"ligt \1 m (oost, noord, hoogte) van wat al het andere zegt: te ver voor toeval",
    ),
    (
        r"it lies (.*) m \(length\) from what all the rest says: too far to be chance",
        r"ligt \1 m (lengte) van wat al het andere zegt: te ver voor toeval",
    ),
)
"""Reasons of ours in Dutch; any other stays as it was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcomings:
    """`set_aside` and `left_out` are names with reasons; `parts` how many groups of photos share nothing;
    `doubts` what looked doubtful about control, before anything was computed and after.

    A point of which one mark is wrong is named with the photo.
    """

    checks: tuple[Check, ...] = ()
    set_aside: tuple[tuple[str, str], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    parts: int = 1
    doubts: tuple[str, ...] = ()


def shortcomings_of(report: Mapping[str, Any]) -> Shortcomings:
    """Those of a scene's report. Raises KeyError, TypeError and ValueError as they come."""
    accuracy = report["accuracy"]
    return Shortcomings(
        checks=tuple(
            Check(
                str(each["name"]),
                tuple(float(value) for value in each["off_m"]),
                tuple(float(value) for value in each["sigma_m"]),
                bool(each["agrees"]),
            )
            for each in accuracy["checks"]
        ),
        set_aside=tuple(
            (f"{each['name']}, {each['photo']}" if each["photo"] else str(each["name"]), str(each["reason"]))
            for each in accuracy["blunders"]
        ),
        left_out=tuple((str(each["name"]), str(each["reason"])) for each in report["left_out"]),
        parts=int(report.get("parts", 1)),
        doubts=tuple(str(each) for each in report.get("control_doubts", [])),
    )


def reason_in_dutch(reason: str) -> str:
    """A reason in Dutch where it is one of ours, else as it was given."""
    for pattern, dutch in DUTCH:
        if found := re.fullmatch(pattern, reason):
            return found.expand(dutch)
    return reason
