"""Bounds of a speed as a file, with what they rest on, so that a sheet can print them.

{"format": "droneteam-speed", "version": 1, "created": "...", "method": "skid",
 "what": "Speed at the beginning of the skid marks", "low_m_s": 18.9, "high_m_s": 22.4, "words": "...",
 "inputs": ["..."], "assumptions": ["..."], "doubts": ["A: marked elsewhere in ..."],
 "measurement": {"file": "measurement.json", "sha256": "...", "evidence": true, "verdict": "..."}}
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from imaging.measure.tyre_marks import MOST_SPEED_M_S, SpeedBounds
from imaging.scene import write_json
from missions.bounded_json import load_json, text_from_bytes
from missions.errors import FormatError
from missions.files import read_bounded

FORMAT, VERSION = "droneteam-speed", 1
LIMIT_BYTES = 1_000_000
LIMIT_LINES, LIMIT_LINE = 150, 2000
FASTEST_M_S = 3 * MOST_SPEED_M_S
BY_HAND = "No length was taken from a measurement: all were given by hand"


@dataclass(frozen=True, slots=True)
class Measured:
    """The measurement that lengths were taken from: its file's name and SHA-256, and its verdict."""

    file: str
    sha256: str
    evidence: bool
    verdict: str


@dataclass(frozen=True, slots=True)
class Speed:
    """Bounds of a speed, how they were found, when (ISO 8601), and from which measurement, if any.

    `doubts` are what that says is to be minded of the marks that were taken from it.
    """

    bounds: SpeedBounds
    method: Literal["skid", "yaw"]
    created: str
    measured: Measured | None = None
    doubts: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Everything in words, the bounds first, as a sheet prints it."""
        measured = self.measured
        return (
            str(self.bounds),
            *(f"Doubt: {line}" for line in self.doubts),
            BY_HAND if measured is None else f"Lengths from {measured.file} ({measured.verdict})",
            *(f"From: {line}" for line in self.bounds.inputs),
            *(f"Assumed: {line}" for line in self.bounds.assumptions),
        )


def json_from_speed(speed: Speed) -> dict[str, Any]:
    """Plain values."""
    bounds, measured = speed.bounds, speed.measured
    return {
        "format": FORMAT,
        "version": VERSION,
        "created": speed.created,
        "method": speed.method,
        "what": bounds.what,
        "low_m_s": bounds.low_m_s,
        "high_m_s": bounds.high_m_s,
        "low_km_h": bounds.low_km_h,
        "high_km_h": bounds.high_km_h,
        "words": str(bounds),
        "inputs": list(bounds.inputs),
        "assumptions": list(bounds.assumptions),
        "doubts": list(speed.doubts),
        "measurement": measured
        and {
            "file": measured.file,
            "sha256": measured.sha256,
            "evidence": measured.evidence,
            "verdict": measured.verdict,
        },
    }


def write_speed(path: Path, speed: Speed) -> None:
    """Write it, whole or not at all. Raises OutputError."""
    write_json(path, json_from_speed(speed))


def read_speed(path: Path) -> Speed:
    """What `write_speed` wrote. Raises InputError, FormatError for a file that is no such result."""
    raw = read_bounded(path, LIMIT_BYTES, "a speed from tyre marks")
    remedy = "Make it with `droneteam tyre-marks`"
    try:
        body = load_json(text_from_bytes(raw), str(path), remedy)
        if body.get("format") != FORMAT or body.get("version") != VERSION:
            raise FormatError(f"is no {FORMAT} of version {VERSION}", where=str(path), remedy=remedy)
        return _speed(body)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise FormatError(f"is no speed from tyre marks ({error})", where=str(path), remedy=remedy) from error


def _speed(body: dict[str, Any]) -> Speed:
    low, high = float(body["low_m_s"]), float(body["high_m_s"])
    if not (math.isfinite(low) and math.isfinite(high) and 0 <= low <= high <= FASTEST_M_S):
        raise ValueError(f"{low:g} to {high:g} m/s are no bounds of a speed")
    method: Literal["skid", "yaw"] = "skid" if body["method"] == "skid" else "yaw"
    if body["method"] != method:
        raise ValueError(f"there is no method {body['method']!r}")
    told = body["measurement"]
    measured = None
    if told is not None:
        if not isinstance(told["evidence"], bool):
            raise TypeError("evidence is neither true nor false")
        measured = Measured(
            _text(told["file"]), _text(told["sha256"]), told["evidence"], _text(told["verdict"])
        )
    bounds = SpeedBounds(low, high, _text(body["what"]), _texts(body["inputs"]), _texts(body["assumptions"]))
    return Speed(bounds, method, _text(body["created"]), measured, _texts(body.get("doubts", [])))


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or len(values) > LIMIT_LINES:
        raise ValueError(f"it has no list of at most {LIMIT_LINES} lines")
    return tuple(_text(each) for each in values)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LIMIT_LINE:
        raise ValueError(f"it holds something that is no text of at most {LIMIT_LINE} characters")
    return value
