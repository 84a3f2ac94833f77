"""How likely a person is noticed in one look, and what the figures of that rest on.

    p = expit(slope ln(pixels / pixels_50) - smear_weight ln(1 + smear) + person_sigma u) x seen(u)

`pixels` on a person's width, `smear` the pixels he slides over the sensor while it gathers light, and u how
conspicuous this person is: one standard normal number for all looks at him, since he who lies cold in a
ditch in one frame does so in the next. (A logistic regression with a random intercept: Stiratelli, Laird and
Ware, Biometrics 40, 1984.) seen(u) goes to nought for the least conspicuous, a share `unseen` of people, and
is one for the others: who is as warm as his ground shows in hardly any look. Where a frame tells of the
ground's heat (`missions.search.ground_heat`) there is one factor more,

    expit(contrast_weight ln(|contrast_k + contrast_sigma_k u - above_k| / needed_k)),
    needed_k = contrast_50_k spread_k^spread_power

Clothes are warmer than the middle of the frame, by a mean and a spread that are assumed; the ground around is
`above_k` warmer than that middle, and uneven by `spread_k`: what stands out by less is one of its blotches.
So a road in the sun hides who is as warm as it is, and shows others. These two factors are ours.

Without smear and u it is Johnson's criterion as the night vision laboratory writes it,
(N/N50)^E / (1 + (N/N50)^E), with E held at its value near N50 (from memory: Ratches and others, Night Vision
Laboratory Static Performance Model, 1975). What of all that is noticed is confirmed (`at_best`) is asked once
a flight (`missions.search.missed`).
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
from scipy.special import expit, ndtri

from missions.errors import FormatError, InputError, SettingsError
from missions.files import read_bounded
from missions.search.ground_heat import MEASURED
from missions.search.many_looks import chances_of

Floats = npt.NDArray[np.float64]
LIMIT_BYTES = 1_000_000
EDGE = 0.15
"""How sharp the share of people whom nobody notices is: by so many standard deviations of u."""
LEAST_K = 0.5
"""Nobody is as warm as the ground to less than this: a head and a coat are not alike."""
_SHIPPED = Path(__file__).parent.parent / "data" / "detection.toml"
_ABOVE_0 = (
    "pixels_50",
    "slope",
    "independent_after_s",
    "independent_after_deg",
    "gap_deg",
    "exposure_s",
    "contrast_50_k",
)
_SHARES = ("at_best", "gap_lasting", "unseen")
_ANY = ("contrast_k",)


@dataclass(frozen=True, slots=True)
class Detection:
    """The figures of one kind of looking: a sensor, a time of day, and who or what looks at its pictures.

    `pixels_50` on a person give every second person of middling conspicuousness, `slope` how fast that
    changes, `at_best` what is confirmed of what is noticed, once a flight over a place. `exposure_s` is how
    long the sensor gathers light. Looks `independent_after_s` or `independent_after_deg` apart share 1/e of
    what chance adds. Gaps between leaves change every `gap_deg`; `gap_lasting` of those below leaves are
    hidden from every side, and `gap_power` is below 1 where somebody half hidden is noticed too.
    `unseen` is the share of people whom hardly any look shows. The figures of contrast, and `spread_power`,
    are for frames that tell of the ground's heat, where `contrast_weight` is above 0.
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
    contrast_k: float = 0.0
    contrast_sigma_k: float = 0.0
    contrast_50_k: float = 1.0
    contrast_weight: float = 0.0
    spread_power: float = 0.0
    unseen: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        for key in _NUMBERS:
            value = getattr(self, key)
            low = value < 0 and key not in _ANY
            if not math.isfinite(value) or low or (key in _ABOVE_0 and value == 0):
                raise SettingsError(
                    f"{key} of detection {self.name!r} is {value}", remedy="Write a number above nought"
                )
        for key in _SHARES:
            if getattr(self, key) > 1:
                raise SettingsError(
                    f"{key} of detection {self.name!r} is {getattr(self, key)}",
                    remedy="Write a share, 0 to 1",
                )

    def chances(
        self, pixels: Floats, slide_px_s: Floats, spread_k: Floats, above_k: Floats, nodes: Floats
    ) -> Floats:
        """(n, nodes) the chance of a look at people so conspicuous (`nodes`), at best 1.

        `spread_k` and `above_k` are asked for where `contrast_weight` is above 0.
        """
        measured = self.contrast_weight > 0
        needed = self.contrast_50_k * spread_k**self.spread_power if measured else spread_k
        return np.asarray(
            chances_of(
                self.logit(pixels, slide_px_s),
                self.person_sigma * nodes,
                expit((nodes - ndtri(self.unseen)) / EDGE) if self.unseen > 0 else np.ones_like(nodes),
                above_k,
                needed,
                self.contrast_k + self.contrast_sigma_k * nodes,
                LEAST_K,
                self.contrast_weight,
            )
        )

    def logit(self, pixels: Floats, slide_px_s: Floats) -> Floats:
        """(n,) log odds of a look at a person of middling conspicuousness, at best 1."""
        smear = slide_px_s * self.exposure_s
        return np.asarray(
            self.slope * np.log(np.maximum(pixels, 1e-6) / self.pixels_50)
            - self.smear_weight * np.log1p(smear)
        )

    def in_one_look(
        self, pixels: float, slide_px_s: float = 0.0, spread_k: float = 1.0, above_k: float = 0.0
    ) -> float:
        """The chance that somebody in the open is noticed in one frame, over all kinds of people."""
        nodes, weights = conspicuousness()
        pixel, slide, spread, above = np.array([[pixels], [slide_px_s], [spread_k], [above_k]])
        noticed = self.chances(pixel, slide, spread, above, nodes)[0]
        return float(self.at_best * (weights * noticed).sum())


_NUMBERS = tuple(
    field.name for field in dataclasses.fields(Detection) if field.name not in {"name", "spectrum", "source"}
)
_TEXTS = ("spectrum", "source")


@cache
def conspicuousness(count: int = 25) -> tuple[Floats, Floats]:
    """Nodes and weights (count,) that average over a standard normal number: even steps from -4 to 4.

    The trapezoidal rule, exact to 1e-3 for `EDGE` as well; Gauss and Hermite's nodes lie twice as far apart
    in the middle, and step over it.
    """
    nodes = np.linspace(-4.0, 4.0, count)
    weights = np.exp(-(nodes**2) / 2)
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


def tells_of_measured(extra: Path | None) -> bool:
    """Whether a team's own file, if there is one, has figures for frames that tell of the ground's heat.

    Raises FormatError and SettingsError.
    """
    return extra is None or any(name.endswith(MEASURED) for name in _read(extra))


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
