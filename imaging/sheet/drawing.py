"""The drawing: picture, grid, marks and figures, at scale, and the verdict across it where it must be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from shapely.geometry import LineString, Point, Polygon, box

from imaging.lens import Array
from imaging.measure.figures import Figure, MarkPosition, Measurement
from imaging.sheet.labels import Room, along, beside, leader
from imaging.sheet.layout import Box
from imaging.sheet.numbers import stated
from imaging.sheet.pen import BLACK, WHITE, Pen, Text, width_mm, wrap
from imaging.sheet.picture import Picture
from imaging.sheet.plane import Plane, RdGrid
from imaging.sheet.words import Words

MARK_MM, LETTER_MM, FIGURE_MM, GRID_MM = 1.3, 3.0, 2.5, 1.9
HALO_MM = 0.45
MARK_COLOUR = (0.80, 0.0, 0.15)
FIGURE_COLOUR = (0.0, 0.13, 0.50)
VERDICT_COLOUR = (0.85, 0.0, 0.0)
VERDICT_OPACITY, LEADING, MOST_VERDICT = 0.26, 1.3, 0.085
LONGEST_VERDICT = 200
STEPS_M = (1, 2, 5, 10, 20, 50, 100, 200)


@dataclass
class Drawing:
    """A drawing on its way to paper.

    `scale` is its denominator; `unlabelled` found no room for its text, `outside` lies outside the frame.
    """

    pen: Pen
    area: Box
    plane: Plane
    scale: int
    words: Words
    grid: RdGrid | None = None
    unlabelled: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def paper(self, utm_m: npt.ArrayLike) -> Array:
        """(n, 2) UTM metres to (n, 2) millimetres on paper."""
        middle = np.array([self.area.x_mm + self.area.width_mm / 2, self.area.y_mm + self.area.height_mm / 2])
        return middle + self.plane.ground_from(utm_m) * 1000 / self.scale

    def utm(self, paper_mm: npt.ArrayLike) -> Array:
        """(n, 2) millimetres on paper to (n, 2) UTM metres."""
        middle = np.array([self.area.x_mm + self.area.width_mm / 2, self.area.y_mm + self.area.height_mm / 2])
        return self.plane.utm_from_ground((np.asarray(paper_mm, float) - middle) * self.scale / 1000)

    @property
    def bounds_m(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the drawing in UTM."""
        low, high = self.utm([[self.area.x_mm, self.area.y_mm], [self.area.right_mm, self.area.top_mm]])
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    @property
    def step_m(self) -> int:
        """Metres between the grid's crosses: at least 35 mm on paper."""
        return next(step for step in STEPS_M if step * 1000 / self.scale >= 35)

    def draw_picture(self, picture: Picture, dpi: int) -> float:
        """Draw the orthomosaic; gives the metres on the ground that a dot covers."""
        dot_m = picture.dot_m(self.scale * self.plane.point_scale, dpi)
        self.pen.clipped(self.area)
        for tile in picture.tiles(self.bounds_m, dot_m):
            low, high = self.paper([[tile.west_m, tile.south_m], [tile.east_m, tile.north_m]])
            self.pen.picture(tile.jpeg, Box(low[0], low[1], high[0] - low[0], high[1] - low[1]))
        self.pen.unclipped()
        return dot_m / self.plane.point_scale

    def draw_verdict(self, verdict: str) -> None:
        """The verdict in large letters from corner to corner; of a long one the beginning."""
        area, said = self.area, verdict.upper()
        said = said if len(said) <= LONGEST_VERDICT else f"{said[: LONGEST_VERDICT - 1].rstrip(' ,')}…"
        angle = math.atan2(area.height_mm, area.width_mm)
        lines, size = max(
            (_fitted(said, count, area, angle) for count in range(1, 7)), key=lambda fitted: fitted[1]
        )
        for number, line in enumerate(lines):
            drop = (number - (len(lines) - 1) / 2) * LEADING * size + 0.36 * size
            x = area.x_mm + area.width_mm / 2 + drop * math.sin(angle)
            y = area.y_mm + area.height_mm / 2 - drop * math.cos(angle)
            text = Text(line, x, y, size, "bold", "middle", math.degrees(angle))
            self.pen.across(text, VERDICT_COLOUR, VERDICT_OPACITY)

    def draw_grid(self) -> None:
        """Crosses at round coordinates, their values along the frame, and the frame itself."""
        west, south, east, north = self.bounds_m
        corners = np.array([[west, south], [east, south], [east, north], [west, north]])
        if self.grid is not None:
            corners = self.grid.from_utm(corners)
        step = self.step_m
        ranges = [
            np.arange(math.ceil(corners[:, axis].min() / step), math.floor(corners[:, axis].max() / step) + 1)
            * float(step)
            for axis in (0, 1)
        ]
        inside = box(self.area.x_mm, self.area.y_mm, self.area.right_mm, self.area.top_mm)
        across, up = np.meshgrid(*ranges)
        for x, y in self._paper_from_grid(np.column_stack([across.ravel(), up.ravel()])):
            if inside.contains(Point(x, y)):
                self.pen.line([(x - 2, y), (x + 2, y)], 0.15, BLACK, halo_mm=0.15)
                self.pen.line([(x, y - 2), (x, y + 2)], 0.15, BLACK, halo_mm=0.15)
        self._label_grid(ranges, corners)
        self.pen.rectangle(self.area, 0.35)

    def _paper_from_grid(self, points: Array) -> Array:
        return self.paper(points if self.grid is None else self.grid.utm_from(points))

    def _label_grid(self, ranges: Sequence[Array], corners: Array) -> None:
        """Values outside the frame, where each line of the grid meets it."""
        area = self.area
        frame = box(area.x_mm, area.y_mm, area.right_mm, area.top_mm)
        for axis in (0, 1):
            low, high = corners[:, 1 - axis].min(), corners[:, 1 - axis].max()
            for value in ranges[axis]:
                ends = [[value, low], [value, high]] if axis == 0 else [[low, value], [high, value]]
                met = LineString(self._paper_from_grid(np.array(ends))).intersection(frame)
                if met.geom_type != "LineString" or met.is_empty:
                    continue
                for x, y in met.coords:
                    self._label_value(axis, float(value), x, y)

    def _label_value(self, axis: int, value: float, x: float, y: float) -> None:
        area, words = self.area, f"{value:,.0f}".replace(",", "\u202f")
        half = width_mm(words, GRID_MM) / 2
        if axis == 0 and area.x_mm + half < x < area.right_mm - half:
            if abs(y - area.top_mm) < 0.01:
                self.pen.line([(x, y), (x, y + 1.0)], 0.15)
                self.pen.text(Text(words, x, y + 1.8, GRID_MM, anchor="middle"))
            elif abs(y - area.y_mm) < 0.01:
                self.pen.line([(x, y), (x, y - 1.0)], 0.15)
                self.pen.text(Text(words, x, y - 1.6 - 0.76 * GRID_MM, GRID_MM, anchor="middle"))
        if axis == 1 and area.y_mm + half < y < area.top_mm - half:
            if abs(x - area.x_mm) < 0.01:
                self.pen.line([(x, y), (x - 1.0, y)], 0.15)
                self.pen.text(Text(words, x - 1.8, y, GRID_MM, "plain", "middle", 90))
            elif abs(x - area.right_mm) < 0.01:
                self.pen.line([(x, y), (x + 1.0, y)], 0.15)
                self.pen.text(Text(words, x + 1.8, y, GRID_MM, "plain", "middle", -90))

    def draw_measurement(self, measurement: Measurement) -> None:
        """Marks with their letters, figures as dimension lines with their values."""
        places = dict(
            zip(
                (mark.letter for mark in measurement.marks),
                self.paper(self._utm_of(measurement.marks)),
                strict=True,
            )
        )
        room = Room(self.area)
        frame = box(self.area.x_mm, self.area.y_mm, self.area.right_mm, self.area.top_mm)
        shown = {letter: at for letter, at in places.items() if frame.buffer(-MARK_MM).contains(Point(*at))}
        self.outside += [letter for letter in places if letter not in shown]
        for at in shown.values():
            room.take(Point(*at).buffer(MARK_MM + 0.2))
        figures = [f for f in measurement.figures if set(f.letters) <= set(shown)]
        for figure in figures:
            room.cross(_course(figure, shown))
        letters = {letter: self._letter(room, letter, at) for letter, at in shown.items()}
        texts = [(figure, self._value(room, figure, shown)) for figure in figures]
        self.pen.clipped(self.area)
        for figure in figures:
            self._figure(figure, shown)
        for letter, text in letters.items():
            self._leader(text, shown[letter], MARK_MM)
        for figure, text in texts:
            if figure.kind in {"area", "angle"}:
                self._leader(
                    text, _middle(figure, np.array([shown[letter] for letter in figure.letters])), 0.0
                )
        for at in shown.values():
            self._mark(at)
        self.pen.unclipped()
        for text in letters.values():
            if text is not None:
                self.pen.text(text, BLACK, HALO_MM)
        for figure, text in texts:
            if text is not None:
                self.pen.text(text, FIGURE_COLOUR, HALO_MM)
            else:
                self.unlabelled.append(f"{self.words(figure.kind)} {'–'.join(figure.letters)}")
        self.unlabelled += [letter for letter, text in letters.items() if text is None]

    def _utm_of(self, marks: Sequence[MarkPosition]) -> Array:
        return self.plane.from_local(np.array([mark.local_m[:2] for mark in marks]).reshape(-1, 2))

    def _letter(self, room: Room, letter: str, at: Array) -> Text | None:
        return room.best(beside(Text(letter, 0, 0, LETTER_MM, "bold"), at, MARK_MM))

    def _value(self, room: Room, figure: Figure, places: dict[str, Array]) -> Text | None:
        value = stated(figure.value, figure.half_width_95, figure.unit).words(figure.unit, self.words.comma)
        text = Text(f"Δh {value}" if figure.kind == "height difference" else value, 0, 0, FIGURE_MM, "bold")
        points = np.array([places[letter] for letter in figure.letters])
        if figure.kind in {"area", "angle"}:
            return room.best(beside(text, _middle(figure, points), 0.3))
        sides = np.linalg.norm(np.diff(points, axis=0), axis=1)
        for longest in np.argsort(-sides, kind="stable"):
            if placed := room.best(along(text, points[longest], points[longest + 1])):
                return placed
        return None

    def _leader(self, text: Text | None, at: Array, radius_mm: float) -> None:
        line = leader(text, at, radius_mm) if text else None
        if line is not None:
            self.pen.line([(x, y) for x, y in line.coords], 0.15, BLACK, halo_mm=0.2)

    def _mark(self, at: Array) -> None:
        x, y = float(at[0]), float(at[1])
        self.pen.circle(x, y, MARK_MM - 0.2, 0.75, WHITE)
        self.pen.circle(x, y, 0.5, 0, WHITE)
        self.pen.circle(x, y, MARK_MM - 0.2, 0.35, MARK_COLOUR)
        self.pen.circle(x, y, 0.25, 0, MARK_COLOUR)

    def _figure(self, figure: Figure, places: dict[str, Array]) -> None:
        points = [places[letter] for letter in figure.letters]
        pairs = [(float(x), float(y)) for x, y in points]
        dash = (1.6, 0.9) if figure.kind in {"height difference", "horizontal distance"} else ()
        if figure.kind == "area":
            self.pen.polygon(pairs, FIGURE_COLOUR, 0.10)
        closed = figure.kind == "area"
        self.pen.line(pairs, 0.25, FIGURE_COLOUR, halo_mm=0.22, dash_mm=dash, closed=closed)
        if figure.kind == "angle":
            arc = [(float(x), float(y)) for x, y in _arc(np.array(points))]
            self.pen.line(arc, 0.25, FIGURE_COLOUR, halo_mm=0.22)
        elif not closed:
            for tip, tail in ((points[0], points[1]), (points[-1], points[-2])):
                self._arrow(tip, tail)

    def _arrow(self, tip: Array, tail: Array) -> None:
        run = tip - tail
        length = float(np.hypot(*run))
        if length < 2 * MARK_MM + 5:
            return
        run = run / length
        side = np.array([-run[1], run[0]])
        tip = tip - run * MARK_MM
        corners = [tip, tip - 2.2 * run + 0.5 * side, tip - 2.2 * run - 0.5 * side]
        self.pen.polygon([(float(x), float(y)) for x, y in corners], FIGURE_COLOUR)


def _course(figure: Figure, places: dict[str, Array]) -> LineString:
    points = [places[letter] for letter in figure.letters]
    return LineString([*points, points[0]] if figure.kind == "area" else points)


def _middle(figure: Figure, points: Array) -> Array:
    """Where the value of an area or an angle belongs: inside it, or in the middle of its arc."""
    if figure.kind == "angle":
        return np.asarray(_arc(points)[8])
    shape = Polygon(points)
    middle = shape.representative_point() if shape.is_valid else shape.convex_hull.centroid
    return np.array([middle.x, middle.y])


def _arc(points: Array) -> Array:
    """(17, 2) the arc of an angle about its middle point, clockwise from the first leg to the last."""
    legs = points[[0, -1]] - points[1]
    radius = min(7.0, 0.6 * float(np.linalg.norm(legs, axis=1).min()))
    first, last = np.arctan2(legs[:, 1], legs[:, 0])
    angles = first - (first - last) % (2 * math.pi) * np.linspace(0, 1, 17)
    arc: Array = points[1] + radius * np.column_stack([np.cos(angles), np.sin(angles)])
    return arc


def _fitted(said: str, count: int, area: Box, angle: float) -> tuple[list[str], float]:
    """The words in about `count` lines, and the size at which they fit in the drawing, turned by `angle`."""
    lines = wrap(said, 1.15 * width_mm(said, 1.0, "bold") / count, 1.0, "bold")
    wide, high = max(width_mm(line, 1.0, "bold") for line in lines), LEADING * len(lines)
    across = wide * math.cos(angle) + high * math.sin(angle)
    up = wide * math.sin(angle) + high * math.cos(angle)
    largest = MOST_VERDICT * math.hypot(area.width_mm, area.height_mm)
    return lines, min(largest, 0.92 * area.width_mm / across, 0.92 * area.height_mm / up)
