"""`droneteam tyre-marks`: bounds of a speed from skid marks or a yaw mark, never one figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from missions.errors import InputError
from ops.cli.bounds import HOW, bounds_from, is_bounds, shown
from ops.cli.options import JsonOption
from ops.cli.outputs import check_not_entered, check_replaceable
from ops.cli.screen import facts, out, print_json, say

if TYPE_CHECKING:
    from imaging.measure.places import Places
    from imaging.measure.ranges import Range
    from imaging.measure.speed_file import Measured
    from imaging.measure.tyre_marks import SpeedBounds, Surface

KM_H = 3.6

app = typer.Typer(help="Bounds of a speed from skid or yaw marks.", no_args_is_help=True)

MeasurementOption = Annotated[
    Path | None,
    typer.Option("--measurement", "-m", metavar="FILE", help="measurement.json, or the scene with it."),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="RESULT.json", help="Keep it, such as for `droneteam sheet`."),
]


@app.callback()
def tyre_marks() -> None:
    """Bounds of a speed from skid or yaw marks.

    A quantity is given with its bounds and its source: 23.4+-0.2, 0.68..0.76: skid tests, -4..-2%.
    """


@app.command(short_help="From skid marks over one surface or more.")
def skid(
    length: Annotated[
        list[str], typer.Option(metavar="M|A-B", help="Length in metres, or marks; one a surface, in order.")
    ],
    friction: Annotated[
        list[str], typer.Option(metavar="BOUNDS|NAME", help="Of tyre on surface, or one that is cited.")
    ],
    grade: Annotated[
        list[str] | None, typer.Option(metavar="BOUNDS", help="Rise over run, uphill positive; else level.")
    ] = None,
    braked: Annotated[
        list[str] | None, typer.Option(metavar="BOUNDS", help="Share of the weight that is braked; else 1.")
    ] = None,
    surface: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="What the surface is called.")
    ] = None,
    end_speed: Annotated[
        str | None, typer.Option(metavar="KM/H", help="Speed at the end of the last mark; else standstill.")
    ] = None,
    measurement: MeasurementOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bounds of the speed at the beginning of skid marks.

    Over several surfaces repeat --length in the order they were crossed, and as often what differs:

    --length 12+-0.1 --friction 0.6..0.8 --length 8+-0.1 --friction 0.3..0.5
    """
    from imaging.measure.ranges import Range
    from imaging.measure.tyre_marks import ALL_BRAKED, LEVEL, STANDSTILL, Surface, skid_speed

    measured = _Measured(measurement)
    count = len(length)
    surfaces: list[Surface] = []
    for each, held, slope, share, name in zip(
        length,
        _for_each("--friction", friction, count),
        _for_each("--grade", grade, count),
        _for_each("--braked", braked, count),
        _for_each("--surface", surface, count),
        strict=True,
    ):
        surfaces.append(
            Surface(
                measured.length(each),
                _friction(held or ""),
                LEVEL if slope is None else bounds_from(slope, "--grade", exact=True),
                ALL_BRAKED if share is None else bounds_from(share, "--braked", exact=True),
                name or "",
            )
        )
    end = STANDSTILL
    if end_speed is not None:
        km_h = bounds_from(end_speed, "--end-speed", exact=True)
        end = Range(km_h.low / KM_H, km_h.high / KM_H, f"{km_h.low:g} to {km_h.high:g} km/h: {km_h.source}")
    _finish(skid_speed(surfaces, end), "skid", measured, output, as_json=as_json)


@app.command(name="yaw", short_help="From the arc of a yaw mark.")
def yaw(
    friction: Annotated[
        str, typer.Option(metavar="BOUNDS|NAME", help="Across the direction of travel, or one that is cited.")
    ],
    arc: Annotated[
        str | None, typer.Option(metavar="A-B-C", help="Three marks along the arc, of a measurement.")
    ] = None,
    chord: Annotated[str | None, typer.Option(metavar="M", help="A chord of the mark, in metres.")] = None,
    ordinate: Annotated[
        str | None, typer.Option(metavar="M", help="The middle ordinate of that chord, in metres.")
    ] = None,
    superelevation: Annotated[
        str | None, typer.Option(metavar="BOUNDS", help="Cross slope, outside higher positive; else level.")
    ] = None,
    inward: Annotated[
        str | None, typer.Option(metavar="M", help="How far inside the mark the centre of mass ran; else 0.")
    ] = None,
    measurement: MeasurementOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bounds of the speed of a vehicle that left a yaw mark: from an arc, or a chord and its ordinate."""
    from imaging.measure.tyre_marks import LEVEL, NO_OFFSET, radius_m, yaw_speed

    measured = _Measured(measurement)
    if arc is not None and chord is None and ordinate is None:
        radius = measured.radius(arc)
    elif arc is None and chord is not None and ordinate is not None:
        radius = radius_m(bounds_from(chord, "--chord"), bounds_from(ordinate, "--ordinate"))
    else:
        raise InputError(
            "a yaw mark is told by an arc, or by a chord and its ordinate",
            where="--arc",
            remedy="Give --arc A-B-C with --measurement, or --chord and --ordinate",
        )
    found = yaw_speed(
        radius,
        _friction(friction),
        LEVEL if superelevation is None else bounds_from(superelevation, "--superelevation", exact=True),
        NO_OFFSET if inward is None else bounds_from(inward, "--inward", exact=True),
    )
    _finish(found, "yaw", measured, output, as_json=as_json)


class _Measured:
    """A measurement, if one was named, and what is taken from it."""

    def __init__(self, path: Path | None) -> None:
        self.taken = False
        self.doubts: dict[str, str] = {}
        self._source: Measured | None = None
        self._places: Places | None = None
        if path is None:
            return
        from imaging.measure.file import places_from_json, read_measurement
        from imaging.measure.speed_file import Measured
        from imaging.photos import hash_file

        file = path / "measurement.json" if path.is_dir() else path
        found, body = read_measurement(file)
        self._places = places_from_json(body, str(file))
        self._source = Measured(file.name, hash_file(file), found.evidence, found.verdict)

    @property
    def source(self) -> Measured | None:
        """The measurement, where anything was taken from it."""
        return self._source if self.taken else None

    def length(self, text: str) -> Range:
        """A length: bounds, or marks from one to the next."""
        if is_bounds(text):
            return bounds_from(text, "--length")
        from imaging.measure.asked import letters_from
        from imaging.measure.derive import derive
        from imaging.measure.ranges import Range

        places = self._needed(text, "--length")
        letters = letters_from(text, places.letters, f"--length {shown(text)}")
        figure = derive("distance" if len(letters) == 2 else "path", letters, places)
        self._mind(letters, places)
        return Range.from_figure(figure)

    def radius(self, text: str) -> Range:
        """The radius of the circle through three marks."""
        from imaging.measure.arcs import radius_through
        from imaging.measure.asked import letters_from

        places = self._needed(text, "--arc")
        letters = letters_from(text, places.letters, f"--arc {shown(text)}")
        unknown = [letter for letter in letters if letter not in places.letters]
        if unknown or len(set(letters)) != 3 or len(letters) != 3:
            what = f"there is no mark {', '.join(unknown)}" if unknown else "an arc takes three marks"
            raise InputError(
                what,
                where=f"--arc {shown(text)}",
                remedy=f"The marks are {', '.join(places.letters) or 'none'}",
            )
        self._mind(letters, places)
        return radius_through(*places.of(letters), letters)

    def _mind(self, letters: Sequence[str], places: Places) -> None:
        self.doubts |= {letter: places.doubts[letter] for letter in letters if letter in places.doubts}

    def _needed(self, text: str, name: str) -> Places:
        if self._places is None:
            raise InputError(
                f"{shown(text)} is no number, and marks are known only with a measurement",
                where=name,
                remedy=f"{HOW}, or --measurement SCENE" if name == "--length" else "Give --measurement SCENE",
            )
        self.taken = True
        return self._places


def _for_each(name: str, given: Sequence[str] | None, count: int) -> Sequence[str | None]:
    """One value a surface: as many as there are lengths, one for all, or none."""
    if not given:
        return [None] * count
    if len(given) not in {1, count}:
        raise InputError(
            f"{len(given)} values for {count} lengths", where=name, remedy=f"Give one for all, or {count}"
        )
    return list(given) * (count if len(given) == 1 else 1)


def _friction(text: str) -> Range:
    from imaging.measure.friction import cited_friction

    if is_bounds(text):
        return bounds_from(text, "--friction")
    return cited_friction(text.strip())


def _finish(
    bounds: SpeedBounds,
    method: Literal["skid", "yaw"],
    measured: _Measured,
    output: Path | None,
    *,
    as_json: bool,
) -> None:
    from imaging.measure.speed_file import BY_HAND, FORMAT, Speed, json_from_speed, write_speed

    created = datetime.now(UTC).isoformat(timespec="seconds")
    doubts = tuple(f"{letter}: {doubt}" for letter, doubt in measured.doubts.items())
    speed = Speed(bounds, method, created, measured.source, doubts)
    if output is not None:
        check_replaceable(output, FORMAT)
        check_not_entered(None, output)
        write_speed(output, speed)
    if as_json:
        print_json(json_from_speed(speed))
    else:
        source = speed.measured
        words = str(bounds).removeprefix(f"{bounds.what}: ")
        rows = [
            ("Speed between", words.replace(" to ", " and ")),
            *(("Doubt", line) for line in doubts),
            *(("From", line) for line in bounds.inputs),
            *(("Assumed", line) for line in bounds.assumptions),
            ("Lengths", BY_HAND if source is None else f"from {source.file} ({source.verdict})"),
        ]
        out().print(facts(bounds.what, rows))
    if output is not None:
        say(f"Wrote {output}")
