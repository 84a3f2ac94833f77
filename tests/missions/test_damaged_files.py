"""Files cut short, or with a few bytes changed: refused with a place and a remedy, or read, never worse.

Every reader is given what its own writers wrote, damaged by chance with a fixed seed.
"""

import dataclasses
import io
import json
import math
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from missions.area import Area, Part
from missions.catalogue import aircraft, camera
from missions.errors import DroneteamError
from missions.formats import PARTS, ImportedMission, export_plan, import_plan, read_area
from missions.formats.read_line import read_line
from missions.geodesy import GeoPoint
from missions.items import Command
from missions.plan import Plan
from missions.plan_file import json_from_plan, read_plan
from missions.search_plan import plan_search
from missions.surveillance.reading import read_watch_points

PLACED = {Command.WAYPOINT, Command.TAKEOFF, Command.LOITER_TURNS}
KINDS = ("plan", "waypoints", "kml", "geojson", "kmz", "gpx", "wpml", *PARTS)
READERS: dict[str, Callable[[Path], Any]] = {
    **dict.fromkeys(KINDS, import_plan),
    **{f"area in {kind}": read_area for kind in ("kml", "geojson", "kmz", "wpml")},
    **{f"line in {kind}": read_line for kind in ("kml", "geojson", "kmz", "gpx")},
    "our own plan": read_plan,
    "points to watch": lambda path: list(read_watch_points(path)),
}
WATCHED = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "Gate", "max_wait_s": 300, "weight": 1.5, "dwell_s": 20},
                "geometry": {"type": "Point", "coordinates": [4.35 + step / 1000, 52.0, 0]},
            }
            for step in range(4)
        ],
    }
).encode()
ODD = [
    "",
    "nan",
    "-inf",
    "1e999",
    "1e300",
    "-91",
    "181",
    "0",
    "4,",
    "9" * 400,
    "é",
    "null",
    '"',
    "]",
    "<a>",
    "\x00",
]


@pytest.fixture(scope="module")
def valid(corner: Area, plan: Plan) -> dict[str, bytes]:
    matrice = plan_search(
        corner, aircraft("dji-matrice-30t"), camera("dji-m30t-wide"), created=plan.created, height_agl_m=110
    )
    solid = dataclasses.replace(plan, area=Area("Corner", (Part(corner.parts[0].border),)))
    plans = {"wpml": matrice, "poly": solid}
    whole = {kind: export_plan(plans.get(kind, plan), kind) for kind in KINDS}
    return {**whole, "our own plan": json_from_plan(plan).encode(), "points to watch": WATCHED}


def content(name: str, valid: dict[str, bytes]) -> bytes:
    return valid[name.rpartition(" in ")[2]]


def check(name: str, path: Path, data: bytes) -> None:
    """The reader reads it, or refuses it naming file and remedy; nothing else comes out of it."""
    path.write_bytes(data)
    refused: DroneteamError | None = None
    found: Any = None
    try:
        found = READERS[name](path)
    except DroneteamError as error:
        refused = error
    if refused is not None:
        assert str(path) in refused.where, repr(refused)
        assert refused.remedy, repr(refused)
        assert len(str(refused)) < 1000
        assert "\n" not in str(refused)
    elif isinstance(found, ImportedMission):
        assert len(found.items) <= 20_000
        for item in found.items:
            assert all(map(math.isfinite, (item.x, item.y, item.z)))
            assert item.command not in PLACED or (abs(item.x) <= 90 and abs(item.y) <= 180)
    elif isinstance(found, Area):
        assert found.parts
        assert all(len(part.border) >= 3 for part in found.parts)
    elif isinstance(found, tuple):
        assert len(found) >= 2
        assert all(isinstance(one, GeoPoint) for one in found)


def repacked(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """An archive with its files changed, and whole as an archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(packed, "w") as into:
        for name in archive.namelist():
            into.writestr(name, change(archive.read(name)))
    return packed.getvalue()


def damaged(data: bytes, chance: random.Random) -> bytes:
    """One to four of: a byte changed, a stretch removed, doubled or blanked, no end, another number."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        if not changed:
            break
        at, length = chance.randrange(len(changed)), chance.randint(1, 60)
        what = chance.randrange(7)
        if what <= 1:
            changed[at] = chance.randrange(256)
        elif what == 2:
            del changed[at : at + length]
        elif what == 3:
            changed[at:at] = changed[at : at + length]
        elif what == 4:
            changed[at : at + length] = bytes(length)
        elif what == 5 and chance.random() < 0.3:
            del changed[at:]
        else:
            numbers = list(re.finditer(rb"-?\d+(\.\d+)?", bytes(changed[at : at + 400])))
            if numbers:
                start, end = chance.choice(numbers).span()
                changed[at + start : at + end] = chance.choice(ODD).encode()
    return bytes(changed)


@pytest.mark.parametrize("name", READERS)
def test_a_file_cut_short_anywhere_is_refused_or_read(
    tmp_path: Path, valid: dict[str, bytes], name: str
) -> None:
    data = content(name, valid)
    step = 97 * max(1, len(data) // (97 * 150))
    for length in range(0, len(data), step):
        check(name, tmp_path / "cut.any", data[:length])


@pytest.mark.parametrize("name", READERS)
def test_a_file_with_bytes_changed_is_refused_or_read(
    tmp_path: Path, valid: dict[str, bytes], name: str
) -> None:
    chance, data = random.Random(f"damage {name}"), content(name, valid)
    for round_ in range(250):
        if data.startswith(b"PK") and round_ % 5:
            check(name, tmp_path / "odd.any", repacked(data, lambda one: damaged(one, chance)))
        else:
            check(name, tmp_path / "odd.any", damaged(data, chance))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a JSON document."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from leaves(inner, (*path, key))


WRONG: list[Any] = [
    None,
    True,
    -1,
    1e308,
    10**400,
    "x",
    "",
    [],
    [[]],
    {},
    {"a": 1},
    [None] * 3,
    math.nan,
    math.inf,
]


@pytest.mark.parametrize(
    "name", ["plan", "geojson", "area in geojson", "line in geojson", "our own plan", "points to watch"]
)
def test_any_value_of_another_kind_is_refused_or_read(
    tmp_path: Path, valid: dict[str, bytes], name: str
) -> None:
    chance, text = random.Random(f"values {name}"), content(name, valid)
    ways = list(leaves(json.loads(text)))[1:]
    for way in chance.sample(ways, min(300, len(ways))):
        document = json.loads(text)
        parent = document
        for key in way[:-1]:
            parent = parent[key]
        if chance.random() < 0.2:
            del parent[way[-1]]
        else:
            parent[way[-1]] = chance.choice(WRONG)
        check(name, tmp_path / "odd.json", json.dumps(document).encode())


@pytest.mark.parametrize("name", ["kml", "gpx", "wpml", "area in kml", "line in gpx"])
def test_any_element_missing_or_with_other_text_is_refused_or_read(
    tmp_path: Path, valid: dict[str, bytes], name: str
) -> None:
    chance, data = random.Random(f"elements {name}"), content(name, valid)

    def changed(xml: bytes) -> bytes:
        texts = list(re.finditer(rb"<([\w:]+)[^<>]*>([^<>]*)</\1>", xml))
        found = chance.choice(texts)
        start, end = found.span() if chance.random() < 0.4 else found.span(2)
        # What is not allowed in XML is tried elsewhere.
        return (
            xml[:start] + chance.choice([one for one in ODD if one.isalnum() or not one]).encode() + xml[end:]
        )

    for _ in range(250):
        check(
            name, tmp_path / "odd.any", repacked(data, changed) if data.startswith(b"PK") else changed(data)
        )
