"""The blocks beside the drawing: verdict, scale, case, accuracy, figures, marks, versions and hashes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from imaging.lens import Array
from imaging.measure.figures import MarkPosition
from imaging.sheet.blocks import LINE, Block, Column, Row, block, hash_rows, table_rows, text_rows
from imaging.sheet.content import SheetContent
from imaging.sheet.drawing import VERDICT_COLOUR, Drawing
from imaging.sheet.layout import Box
from imaging.sheet.numbers import decimals_for, stated
from imaging.sheet.pen import ASCENT, BLACK, WHITE, Anchor, Pen, Text, wrap
from imaging.sheet.shortcomings import MOST_LISTED
from imaging.sheet.words import Words

PAIR = (Column(1.0), Column(1.15))
FIGURES = (Column(1.5), Column(0.95), Column(1.75, "right"), Column(1.55, "right"))
MARKS = (
    Column(0.6, font="bold"),
    Column(1.3, "right"),
    Column(1.4, "right"),
    Column(1.0, "right"),
    Column(0.85, "right"),
)
CHECKS = (Column(0.8), Column(1.9), Column(1.3))
BAR_MM = {100: 50, 200: 50, 250: 40, 500: 50, 1000: 50}
ANY_CORRELATION_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Panel:
    """What the blocks are made from: content, words, the drawing, and the width of a column."""

    content: SheetContent
    words: Words
    drawing: Drawing
    paper: str
    dot_m: float
    width: float

    def blocks(self) -> list[Block]:
        """Every block that has something to say, in the order they are printed."""
        made = [
            self._title(),
            self._scale(),
            self._case(),
            self._accuracy(),
            self._checks(),
            self._figures(),
            self._marks(),
            self._remarks(),
            self._listed("set_aside", self.content.lacking.set_aside),
            self._listed("left_out", self.content.lacking.left_out),
            self._pairs("settings", self.content.settings),
            self._pairs("software", self.content.software),
            self._hashes(),
        ]
        return [item for item in made if item is not None]

    def _block(self, title: str, rows: tuple[Row, ...], head: tuple[Row, ...] = ()) -> Block:
        return block(self.words(title), self.words("continued"), self.width, rows, head)

    def _title(self) -> Block:
        """What this is, and the verdict in a frame."""
        measurement = self.content.measurement
        size, room = 3.1, 1.6
        lines = wrap(self.words.verdict(measurement.verdict), self.width - 2 * room, size, "bold")
        height = len(lines) * LINE * size + 2 * room
        colour = BLACK if measurement.evidence else VERDICT_COLOUR

        def draw(pen: Pen, x: float, y: float) -> None:
            pen.rectangle(Box(x, y - height, self.width, height), 0.4, colour)
            for number, line in enumerate(lines):
                foot = y - room - ASCENT * size - number * LINE * size - 0.1 * size
                pen.text(Text(line, x + room, foot, size, "bold"), colour)

        named = " ".join([self.words("title"), self.content.case.number]).strip()
        title = text_rows(named, self.width, size=4.4, font="bold")
        return Block((), (), (*title, Row(1.0, lambda *_: None, stays=True), Row(height, draw)))

    def _scale(self) -> Block:
        drawing, words, plane = self.drawing, self.words, self.drawing.plane
        angle = plane.convergence_deg
        step = drawing.step_m
        lines = [
            words("check", length=BAR_MM[drawing.scale]),
            words("factor_line", factor=words.number(plane.point_scale, 5)),
            words("rd_line", step=step)
            if drawing.grid is not None
            else words("grid_line", zone=plane.zone, epsg=plane.epsg, step=step),
            words(
                "true_north_line",
                angle=words.number(abs(angle), 2),
                side=words("west" if angle >= 0 else "east"),
            ),
            words("picture", dpi=round(25.4 * self.drawing.scale / self.dot_m / 1000), size=self._dot_mm()),
        ]
        title = words("scale_line", scale=drawing.scale, paper=self.paper)
        rows = [
            *text_rows(title, self.width, size=2.9, font="bold"),
            Row(18.0, self._draw_bar, stays=True),
            *(row for line in lines for row in text_rows(line, self.width)),
        ]
        return self._block("scale", tuple(rows))

    def _dot_mm(self) -> str:
        return self.words.number(self.dot_m * 1000, 1)

    def _draw_bar(self, pen: Pen, x: float, y: float) -> None:
        """A bar of whole millimetres in five parts, with metres below, and the two norths beside it."""
        length, foot = float(BAR_MM[self.drawing.scale]), y - 9.0
        part = length / 5
        for number in range(5):
            corners = [
                (x + number * part, foot),
                (x + (number + 1) * part, foot),
                (x + (number + 1) * part, foot + 2.0),
                (x + number * part, foot + 2.0),
            ]
            pen.polygon(corners, BLACK if number % 2 == 0 else WHITE)
        pen.rectangle(Box(x, foot, length, 2.0), 0.15)
        metres = length * self.drawing.scale / 1000
        for number in range(6):
            label = f"{metres * number / 5:g}".replace(".", self.words.comma) + (" m" if number == 5 else "")
            anchor: Anchor = "left" if number == 0 else "middle"
            pen.text(Text(label, x + number * part, foot - 2.4, 1.9, anchor=anchor))
        self._arrow(pen, x + self.width - 14.5, y - 14.0, 0.0, self.words("grid_north"))
        self._arrow(
            pen, x + self.width - 4.5, y - 14.0, self.drawing.plane.convergence_deg, self.words("true_north")
        )

    def _arrow(self, pen: Pen, x: float, y: float, angle_deg: float, label: str) -> None:
        ahead = np.array([-math.sin(math.radians(angle_deg)), math.cos(math.radians(angle_deg))])
        side = np.array([ahead[1], -ahead[0]])
        foot = np.array([x, y])
        tip = foot + 11.5 * ahead
        pen.line([_pair(foot), _pair(tip - 2.5 * ahead)], 0.3)
        pen.polygon(
            [_pair(tip), _pair(tip - 3.6 * ahead + 1.2 * side), _pair(tip - 3.6 * ahead - 1.2 * side)], BLACK
        )
        pen.text(Text(label, x, y - 2.2, 1.9, anchor="middle"))

    def _case(self) -> Block:
        case = self.content.case
        named = [
            ("number", case.number),
            ("place", case.place),
            ("when", case.when),
            ("drawn_by", case.drawn_by),
            ("created", self.content.created.isoformat(sep=" ", timespec="seconds")),
        ]
        lines = [(self.words(name), value) for name, value in named if value]
        return self._block("case", self._two([*lines, *case.fields]))

    def _accuracy(self) -> Block:
        figures, words = self.content.accuracy, self.words
        unmeasured = words("none_measured")

        def metres(value: float | None) -> str:
            return unmeasured if value is None else f"{words.number(value, 3)} m"

        # Of distances alone there is none: each check's own difference stands below.
        rmse = [
            (name, metres(value))
            for name, value in (
                ("check_horizontal", figures.check_rmse_horizontal_m),
                ("check_vertical", figures.check_rmse_vertical_m),
            )
            if value is not None or not self.content.lacking.checks
        ]
        scale = figures.scale_95_pct
        lines = [
            ("verdict", words.verdict(self.content.measurement.verdict)),
            ("control", str(figures.control_points)),
            ("bars", str(figures.scale_bars)),
            ("check_points", str(figures.check_points) if figures.check_points else unmeasured),
            *rmse,
            ("scale_95", unmeasured if scale is None else f"± {words.number(_up(scale, 2), 2)} %"),
            ("gsd", f"{words.number(figures.gsd_m * 1000, 1)} mm"),
            ("reprojection", f"{words.number(figures.reprojection_px, 2)} px"),
            ("photos", f"{figures.photos_used} / {figures.photos_left_out}"),
        ]
        return self._block("accuracy", self._two([(words(name), value) for name, value in lines]))

    def _checks(self) -> Block | None:
        """Each check with its difference, and what the uncertainties let one expect."""
        words = self.words
        head = table_rows(
            [words(name) for name in ("check_name", "off", "expected")], CHECKS, self.width, bold=True
        )
        rows: list[Row] = []
        for check in self.content.lacking.checks:
            axes = ["length_of"] if check.is_distance else ["east_of", "north_of", "up_of"]
            off = [
                f"{words(axis)} {words.signed(value, 3)}"
                for axis, value in zip(axes, check.off_m, strict=False)
            ]
            expected = [words.number(_up(ANY_CORRELATION_95 * sigma, 3), 3) for sigma in check.sigma_m]
            note = "" if check.agrees else words("disagrees")
            cells = [check.name, "; ".join(off), f"± {'; '.join(expected)}"]
            rows += table_rows(cells, CHECKS, self.width, note=note)
        return self._block("checks", tuple(rows), head) if rows else None

    def _listed(self, title: str, items: tuple[tuple[str, str], ...]) -> Block | None:
        """Names with reasons, the first of many; the scene's report has all."""
        lines = [(name, self.words.reason(reason)) for name, reason in items[:MOST_LISTED]]
        rows = self._two(lines)
        if len(items) > MOST_LISTED:
            rows += text_rows(self.words("and_more", count=len(items) - MOST_LISTED), self.width)
        return self._block(title, rows) if rows else None

    def _two(self, lines: list[tuple[str, str]]) -> tuple[Row, ...]:
        return tuple(row for pair in lines for row in table_rows(pair, PAIR, self.width))

    def _figures(self) -> Block | None:
        words, measurement = self.words, self.content.measurement
        if not measurement.figures:
            return None
        head = table_rows(
            [words(name) for name in ("figure", "of", "value", "interval")], FIGURES, self.width, bold=True
        )
        rows: list[Row] = []
        for figure in measurement.figures:
            value = stated(figure.value, figure.half_width_95, figure.unit)
            cells = [
                words(figure.kind),
                "–".join(figure.letters),
                value.words(figure.unit, words.comma),
                value.interval(words.comma),
            ]
            rows += table_rows(cells, FIGURES, self.width, note=figure.note)
        rows += text_rows(words("rounding"), self.width, size=1.9)
        return self._block("figures", tuple(rows), head)

    def _marks(self) -> Block | None:
        words, measurement = self.words, self.content.measurement
        if not measurement.marks:
            return None
        names = ("rd_x", "rd_y") if self.drawing.grid is not None else ("east_m", "north_m")
        head = table_rows(
            [words(name) for name in ("mark", *names, "up_m", "radius")], MARKS, self.width, bold=True
        )
        rows: list[Row] = []
        for mark, place in zip(measurement.marks, self._coordinates(measurement.marks), strict=True):
            radius = radius_95_m(mark)
            decimals = decimals_for(radius)
            cells = [
                mark.letter,
                words.number(place[0], decimals),
                words.number(place[1], decimals),
                words.number(
                    float(mark.local_m[2]), decimals_for(ANY_CORRELATION_95 * float(mark.sigma_m[2]))
                ),
                words.number(_up(radius, decimals), decimals),
            ]
            rows += table_rows(cells, MARKS, self.width, note=mark.note)
        rows += text_rows(
            words("radius_line", heights=words.heights(self.content.height_reference)), self.width, size=1.9
        )
        for name, letters in (("unlabelled", self.drawing.unlabelled), ("outside", self.drawing.outside)):
            if letters:
                rows += text_rows(words(name, what=", ".join(letters)), self.width, size=1.9, font="bold")
        return self._block("marks", tuple(rows), head)

    def _coordinates(self, marks: tuple[MarkPosition, ...]) -> Array:
        utm = self.drawing.plane.from_local(np.array([mark.local_m[:2] for mark in marks]))
        return utm if self.drawing.grid is None else self.drawing.grid.from_utm(utm)

    def _remarks(self) -> Block | None:
        lines = [self.words.remark(remark) for remark in self.content.remarks]
        if self.content.lacking.parts > 1:
            lines.insert(0, self.words("parts", count=self.content.lacking.parts))
        doubts = self.content.lacking.doubts
        lines += doubts[:MOST_LISTED]
        if len(doubts) > MOST_LISTED:
            lines.append(self.words("and_more", count=len(doubts) - MOST_LISTED))
        rows = tuple(row for line in lines for row in text_rows(line, self.width))
        return self._block("remarks", rows) if rows else None

    def _pairs(self, title: str, pairs: Mapping[str, str]) -> Block | None:
        return self._block(title, self._two(list(pairs.items()))) if pairs else None

    def _hashes(self) -> Block | None:
        rows = [row for name, sha in self.content.hashes.items() for row in hash_rows(name, sha, self.width)]
        return self._block("hashes", tuple(rows)) if rows else None


def radius_95_m(mark: MarkPosition) -> float:
    """A radius about the mark that holds it with at least 95 %, horizontally, metres.

    The deviations' correlation is not told; of all normal errors with the same σE² + σN² those on a line
    reach farthest at this level (Székely and Bakirov, Extremal probabilities for Gaussian quadratic forms,
    2003).
    """
    return ANY_CORRELATION_95 * float(np.hypot(mark.sigma_m[0], mark.sigma_m[1]))


def _up(value: float, decimals: int) -> float:
    """Rounded up, and never printed as nothing."""
    return float(max(math.ceil(value * 10**decimals - 1e-9), 1) / 10**decimals)


def _pair(point: Array) -> tuple[float, float]:
    return float(point[0]), float(point[1])
