"""How likely a person is noticed in one look, and what the figures of that rest on.

    logit(p / at_best) = slope ln(pixels / pixels_50) - smear_weight ln(1 + smear) + person_sigma u

`pixels` on a person's width, `smear` the pixels he slides over the sensor while it gathers light, and u how
conspicuous this person is: one standard normal number for all looks at him, since he who lies cold in a
ditch in one frame does so in the next. (A logistic regression with a random intercept: Stiratelli, Laird and
Ware, Biometrics 40, 1984.) Without the last two terms it is Johnson's criterion as the night vision
laboratory writes it, (N/N50)^E / (1 + (N/N50)^E), with E held at its value near N50 (from memory: Ratches and
others, Night Vision Laboratory Static Performance Model, 1975).
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from missions.errors import FormatError, InputError, SettingsError
from missions.files import read_bounded

Floats = npt.NDArray[np.float64]
LIMIT_BYTES = 1_000_000
_SHIPPED = Path(__file__).parent.parent / "data" / "detection.toml"
_ABOVE_0 = ("pixels_50", "slope", "independent_after_s", "independent_after_deg", "gap_deg", "exposure_s")
_SHARES = ("at_best", "gap_lasting")


@dataclass(frozen=True, slots=True)
class Detection:
    """The figures of one kind of looking: a sensor, a time of day, and who or what looks at its pictures.

    `pixels_50` on a person give every second person of middling conspicuousness, `slope` how fast that
    changes, `at_best` what is noticed of what is plain to see. `exposure_s` is how long the sensor gathers
    light. Looks `independent_after_s` or `independent_after_deg` apart share 1/e of what chance adds. Gaps
    between leaves change every `gap_deg`; `gap_lasting` of those below leaves are hidden from every side, and
    `gap_power` is below 1 where somebody half hidden is noticed too.
    `spectrum` is "thermal" or "visible". `source` says where the figures are from. Raises SettingsError.
    """

    name: str
    spectrum: str
    pixels_50: float
    slope: float
    person_sigma: float
    at_best: float = 0.95
    smear_weight: float = 1.0
    exposure_s: float = 0.01
    independent_after_s: float = 10.0
    independent_after_deg: float = 30.0
    gap_deg: float = 15.0
    gap_lasting: float = 0.2
    gap_power: float = 1.0
    source: str = ""

    def __post_init__(self) -> None:
        for key in _NUMBERS:
            value = getattr(self, key)
            if not math.isfinite(value) or value < 0 or (key in _ABOVE_0 and value == 0):
                raise SettingsError(
                    f"{key} of detection {self.name!r} is {value}", remedy="Write a number above nought"
                )
        for key in _SHARES:
            if getattr(self, key) > 1:
                raise SettingsError(
                    f"{key} of detection {self.name!r} is {getattr(self, key)}",
                    remedy="Write a share, 0 to 1",
                )

    def logit(self, pixels: Floats, slide_px_s: Floats) -> Floats:
        """(n,) log odds of a look at a person of middling conspicuousness, at best 1."""
        smear = slide_px_s * self.exposure_s
        return np.asarray(
            self.slope * np.log(np.maximum(pixels, 1e-6) / self.pixels_50)
            - self.smear_weight * np.log1p(smear)
        )

    def in_one_look(self, pixels: float, slide_px_s: float = 0.0) -> float:
        """The chance that somebody in the open is noticed in one frame, over all kinds of people."""
        nodes, weights = conspicuousness()
        logit = self.logit(np.array([pixels]), np.array([slide_px_s]))[0]
        return float(self.at_best * (weights * expit(logit + self.person_sigma * nodes)).sum())


_NUMBERS = tuple(
    field.name for field in dataclasses.fields(Detection) if field.name not in {"name", "spectrum", "source"}
)
_TEXTS = ("spectrum", "source")


@cache
def conspicuousness(count: int = 9) -> tuple[Floats, Floats]:
    """Nodes and weights (count,) that average over a standard normal number (Gauss and Hermite)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()


def detections(extra: Path | None = None) -> dict[str, Detection]:
    """Every kind by its name, a team's own file over ours. Raises FormatError and SettingsError."""
    ours = dict(_read(_SHIPPED))
    return ours if extra is None else {**ours, **_read(extra)}


def detection(name: str, extra: Path | None = None) -> Detection:
    """The kind of that name. Raises InputError, FormatError and SettingsError."""
    known = detections(extra)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or list(known)
        raise InputError(f"no kind of looking is called {name!r}", remedy=f"Did you mean {', '.join(near)}?")
    return known[name]


def toml_of(figures: Iterable[Detection]) -> str:
    """The figures as a file that `detections` reads."""
    lines: list[str] = []
    for each in figures:
        lines.append(f"[detection.{each.name}]")
        lines += [f'{key} = "{_quoted(getattr(each, key))}"' for key in _TEXTS]
        lines += [f"{key} = {getattr(each, key):.6g}" for key in _NUMBERS]
        lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return plain.replace("\\", "\\\\").replace('"', '\\"')


def _read(path: Path) -> dict[str, Detection]:
    try:
        body = tomllib.loads(read_bounded(path, LIMIT_BYTES, "the file of detection figures").decode())
    except (ValueError, RecursionError) as error:
        raise FormatError(f"is no TOML: {error}", where=str(path), remedy="Correct it") from error
    tables = body.get("detection")
    if not isinstance(tables, dict) or set(body) != {"detection"}:
        raise FormatError("holds no [detection.NAME]", where=str(path), remedy="Write the figures below one")
    return {name: _checked(name, table, path) for name, table in tables.items()}


def _checked(name: str, table: Any, path: Path) -> Detection:
    where = f"{path}, [detection.{name}]"
    fields = {field.name: field for field in dataclasses.fields(Detection) if field.name != "name"}
    if not isinstance(table, dict):
        raise FormatError("is no table", where=where, remedy="Write its figures below it")
    if unknown := sorted(set(table) - set(fields)):
        raise FormatError(f"unknown key {unknown[0]!r}", where=where, remedy=f"Known: {', '.join(fields)}")
    needed = {key for key, field in fields.items() if field.default is dataclasses.MISSING}
    if missing := sorted(needed - set(table)):
        raise FormatError(f"{', '.join(missing)} missing", where=where, remedy="Add it there")
    for key, value in table.items():
        right = isinstance(value, str) if key in _TEXTS else type(value) in {int, float}
        if not right:
            raise FormatError(
                f"{key} is {value!r}", where=where, remedy="Write text in quotes, numbers without"
            )
    if table["spectrum"] not in {"thermal", "visible"}:
        raise FormatError(
            f"spectrum is {table['spectrum']!r}", where=where, remedy='Write "thermal" or "visible"'
        )
    values: dict[str, Any] = {
        key: value.strip() if key in _TEXTS else float(value) for key, value in table.items()
    }
    return Detection(name=name, **values)
