"""Texts on the drawing, each in the best free place: none lies on another, on a mark or on the frame."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from imaging.lens import Array
from imaging.sheet.layout import Box
from imaging.sheet.pen import ASCENT, DESCENT, Text

ROOM_MM = 0.5
LEADER_MM = 5.0
REACHES_MM = (0.6, 1.6, 3.0, 5.0, 8.0, 12.0, 17.0, 24.0)
COMPASS = (45, 0, 90, 315, 135, 180, 225, 270, 22.5, 67.5, 112.5, 157.5, 202.5, 247.5, 292.5, 337.5)
SHARES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)


@dataclass
class Room:
    """What of the drawing is taken. Texts and marks are never overwritten, lines if it must be."""

    drawing: Box
    _boxes: Array = field(default_factory=lambda: np.zeros((0, 4)))
    _shapes: list[BaseGeometry] = field(default_factory=list)
    _lines: list[BaseGeometry] = field(default_factory=list)

    def take(self, shape: BaseGeometry) -> None:
        """Nothing is written over this any more."""
        self._boxes = np.vstack([self._boxes, shape.bounds])
        self._shapes.append(shape)

    def cross(self, line: BaseGeometry) -> None:
        """Texts rather avoid this."""
        self._lines.append(line)

    def is_free(self, shape: Polygon) -> bool:
        """Whether it lies within the drawing and on nothing that is taken."""
        west, south, east, north = shape.bounds
        edge = self.drawing
        if west < edge.x_mm + ROOM_MM or south < edge.y_mm + ROOM_MM:
            return False
        if east > edge.right_mm - ROOM_MM or north > edge.top_mm - ROOM_MM:
            return False
        boxes = self._boxes
        near = (boxes[:, 0] < east) & (boxes[:, 2] > west) & (boxes[:, 1] < north) & (boxes[:, 3] > south)
        return not any(self._shapes[index].intersects(shape) for index in np.flatnonzero(near))

    def crossed_mm(self, shape: Polygon) -> float:
        """How much of the lines would lie under it."""
        return float(sum(line.intersection(shape).length for line in self._lines if line.intersects(shape)))

    def best(self, candidates: Iterator[tuple[float, Text]]) -> Text | None:
        """The free text of the least cost, where lines under it cost their length, and take its place."""
        found: tuple[float, Text] | None = None
        for cost, text in candidates:
            if found is not None and cost >= found[0]:
                continue
            outline = text.outline(ROOM_MM)
            if self.is_free(outline):
                cost += 2 * self.crossed_mm(outline)
                if found is None or cost < found[0]:
                    found = (cost, text)
        if found is None:
            return None
        self.take(found[1].outline(ROOM_MM))
        return found[1]


def beside(text: Text, at: Array, radius_mm: float) -> Iterator[tuple[float, Text]]:
    """Places for a text about a point, the nearest and those to its upper right first."""
    width, rise, fall = text.width_mm, ASCENT * text.size_mm, DESCENT * text.size_mm
    for reach in REACHES_MM:
        for order, bearing in enumerate(COMPASS):
            right, up = math.cos(math.radians(bearing)), math.sin(math.radians(bearing))
            x = at[0] + right * (radius_mm + reach) + (right - 1) / 2 * width
            middle = at[1] + up * (radius_mm + reach) + up * (rise + fall) / 2
            yield reach + 0.1 * order, replace(text, x_mm=x, y_mm=middle - (rise - fall) / 2)


def along(text: Text, start: Array, end: Array) -> Iterator[tuple[float, Text]]:
    """Places for a text along a line, upright, above it and below it, near its middle first."""
    run = end - start
    length = float(np.hypot(*run))
    if length < 1e-6:
        return
    angle = math.degrees(math.atan2(run[1], run[0]))
    angle = angle - 180 if angle > 90 else angle + 180 if angle <= -90 else angle
    up = np.array([-math.sin(math.radians(angle)), math.cos(math.radians(angle))])
    over = DESCENT * text.size_mm + ROOM_MM + 0.35
    under = -(ASCENT * text.size_mm + ROOM_MM + 0.35)
    for far in (0.0, 2.5, 5.0, 9.0):
        for share in SHARES:
            for side, lift in enumerate((over + far, under - far)):
                x, y = start + share * run + lift * up
                turned = replace(text, x_mm=float(x), y_mm=float(y), anchor="middle", angle_deg=angle)
                yield far + 12 * abs(share - 0.5) + 0.3 * side, turned


def leader(text: Text, at: Array, radius_mm: float) -> LineString | None:
    """A line from a point to its text where that stands farther off, else None."""
    near = text.outline(0.3)
    point = Point(*at)
    gap = near.distance(point)
    if gap < radius_mm + LEADER_MM / 2:
        return None
    end = near.exterior.interpolate(near.exterior.project(point))
    share = radius_mm / gap
    return LineString([(at[0] + share * (end.x - at[0]), at[1] + share * (end.y - at[1])), (end.x, end.y)])
