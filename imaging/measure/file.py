"""A measurement as a file: `measurement.json`, with what it rests on.

Places are given thrice: metres east, north and up of the scene's local frame, longitude and latitude, and in
the scene's UTM zone. `covariance` is of all places together, so that any other figure can be derived later.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import Transformer

from imaging.control.points import MarkedPoint
from imaging.lens import Array
from imaging.measure.derive import KINDS
from imaging.measure.figures import Figure, MarkPosition, Measurement
from imaging.measure.missed import Missed
from imaging.measure.opened import OpenedScene
from imaging.measure.places import Places
from imaging.photos import hash_file
from missions.bounded_json import load_json, text_from_bytes
from missions.errors import FormatError, InputError
from missions.files import read_bounded

FORMAT, VERSION = "droneteam-measurement", 1
LIMIT_BYTES = 50_000_000


def json_from_measurement(
    measurement: Measurement,
    places: Places,
    points: tuple[MarkedPoint, ...],
    opened: OpenedScene,
    created: str,
    missed: Mapping[str, Sequence[Missed]] | None = None,
) -> dict[str, Any]:
    """Plain values, to be written as they are. `missed` tells by letter where a click was not found again."""
    geo, utm = _elsewhere(opened, places.local_m)
    marked = {point.name: point.marks for point in points}
    return {
        "format": FORMAT,
        "version": VERSION,
        "created": created,
        "verdict": measurement.verdict,
        "evidence": measurement.evidence,
        "scene": {
            "name": opened.scene.folder.resolve().name,
            "scene.json": hash_file(opened.scene.report),
            "adjustment": opened.adjustment,
            "epsg": opened.report["place"]["epsg"],
            "height_reference": opened.report["place"]["height_reference"],
        },
        "marks": [
            {
                "letter": mark.letter,
                "note": mark.note,
                "local_m": mark.local_m.tolist(),
                "sigma_m": mark.sigma_m.tolist(),
                "lon_lat_deg": geo[number].tolist(),
                "utm_m": utm[number].tolist(),
                "doubt": mark.doubt,
                "photos": [asdict(each) for each in marked[mark.letter] if each.photo in mark.photos],
                "left_out": [asdict(each) for each in marked[mark.letter] if each.photo not in mark.photos],
                "not_found_again": [asdict(each) for each in (missed or {}).get(mark.letter, ())],
            }
            for number, mark in enumerate(measurement.marks)
        ],
        "covariance": places.covariance.tolist(),
        "figures": [asdict(figure) for figure in measurement.figures],
    }


def read_measurement(path: Path) -> tuple[Measurement, dict[str, Any]]:
    """The measurement and the whole body. Raises InputError, FormatError for a file that is none."""
    raw = read_bounded(path, LIMIT_BYTES, "a measurement")
    remedy = "Make it with `droneteam measure`"
    try:
        body = load_json(text_from_bytes(raw), str(path), remedy)
        if body.get("format") != FORMAT or body.get("version") != VERSION:
            raise FormatError(f"is no {FORMAT} of version {VERSION}", where=str(path), remedy=remedy)
        return measurement_from_json(body), body
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise FormatError(f"is no measurement ({error})", where=str(path), remedy=remedy) from error


def measurement_from_json(body: Mapping[str, Any]) -> Measurement:
    """What `json_from_measurement` gave. Raises KeyError, TypeError and ValueError as they come."""
    marks = tuple(
        MarkPosition(
            str(each["letter"]),
            str(each["note"]),
            _three(each["local_m"]),
            _three(each["sigma_m"]),
            tuple(str(mark["photo"]) for mark in each["photos"]),
            _doubt(each),
        )
        for each in body["marks"]
    )
    if not isinstance(body["evidence"], bool):
        raise TypeError("evidence is neither true nor false")
    figures = tuple(_figure(each) for each in body["figures"])
    return Measurement(marks, figures, body["evidence"], str(body["verdict"]))


def places_from_json(body: Mapping[str, Any], where: str) -> Places:
    """The marks of a measurement with their joint covariance. Raises FormatError."""
    try:
        return _places(body)
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(
            f"is no measurement ({error})", where=where, remedy="Make it with `droneteam measure`"
        ) from error


def check_belongs(body: Mapping[str, Any], opened: OpenedScene, where: str) -> None:
    """Raises InputError where a measurement was not made on this scene as it stands, or says otherwise."""
    told = body.get("scene")
    sha256 = told.get("scene.json") if isinstance(told, Mapping) else None
    remedy = f"Measure again with `droneteam measure {opened.scene.folder}`"
    if sha256 != hash_file(opened.scene.report):
        raise InputError(
            f"it was measured on another scene than {opened.scene.folder}, or before that was made again",
            where=where,
            remedy=remedy,
        )
    said = (body.get("evidence"), body.get("verdict"))
    adjustment = told.get("adjustment") if isinstance(told, Mapping) else None
    if said != (opened.evidence, opened.verdict) or adjustment != opened.adjustment:
        raise InputError(
            "the measurement rests on another adjustment than the picture, or its verdict was changed",
            where=where,
            remedy="Draw the scene again (`droneteam mosaic --again`), and measure on that",
        )


def _figure(body: Mapping[str, Any]) -> Figure:
    kind = next((each for each in KINDS if each == body["kind"]), None)
    if kind is None or body["unit"] != KINDS[kind][3]:
        raise ValueError(f"there is no figure {body['kind']!r} in {body['unit']!r}")
    value, half_width_95 = _finite(body["value"]), _finite(body["half_width_95"])
    letters = tuple(str(letter) for letter in body["letters"])
    return Figure(kind, letters, value, half_width_95, KINDS[kind][3], str(body["note"]))


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is no number that can be used")
    return number


def _places(body: Mapping[str, Any]) -> Places:
    letters = tuple(str(each["letter"]) for each in body["marks"])
    local_m = np.array([_three(each["local_m"]) for each in body["marks"]]).reshape(-1, 3)
    covariance, size = np.array(body["covariance"], float), 3 * len(letters)
    if len(set(letters)) < len(letters):
        raise ValueError("a letter stands there twice")
    if covariance.size != size * size or not np.isfinite(covariance).all():
        raise ValueError(f"the covariance of {len(letters)} marks is not {size} by {size} numbers")
    covariance = covariance.reshape(size, size)
    if (
        not np.allclose(covariance, covariance.T, rtol=1e-6, atol=1e-12)
        or np.diag(covariance).min(initial=0) < 0
    ):
        raise ValueError("the covariance is none")
    doubts = {str(each["letter"]): doubt for each in body["marks"] if (doubt := _doubt(each))}
    return Places(letters, local_m, covariance, doubts)


def _doubt(mark: Mapping[str, Any]) -> str:
    """What is to be minded of a mark; files from before it was written have none."""
    doubt = mark.get("doubt", "")
    if not isinstance(doubt, str):
        raise TypeError("a doubt is no text")
    return doubt


def _three(values: Any) -> Array:
    array = np.array(values, float)
    if array.shape != (3,) or not np.isfinite(array).all():
        raise ValueError(f"{values} are no three numbers")
    return array


def _elsewhere(opened: OpenedScene, local_m: Array) -> tuple[Array, Array]:
    """(k, 2) longitude and latitude, and (k, 2) UTM of (k, 3) local places."""
    geo = opened.frame.geo_from_local(local_m[:, :2])
    zone = f"EPSG:{opened.report['place']['epsg']}"
    utm_from_geo = Transformer.from_crs("EPSG:4326", zone, always_xy=True)
    return geo, np.column_stack(utm_from_geo.transform(geo[:, 0], geo[:, 1]))
