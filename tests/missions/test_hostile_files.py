"""Broken and hostile files, for every reader: one clear error, in bounded time and memory."""

import io
import json
import math
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from missions.formats import read_area

SECONDS = 5.0
"""Bound on the processor's time for one file; none may wait for anything else."""
MEGABYTES = 600
"""Bound for the whole process; a reader that has done nothing takes 70."""

ALL = ("area", "mission", "plan", "line")
MAPS = ("area", "mission", "line")


# What is built: files, as bytes.

KML = '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
POLYGON = "<Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>{}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"  # noqa: E501
LINE = "<Placemark><LineString><coordinates>{}</coordinates></LineString></Placemark>"
SQUARE = "4,52,50 4.01,52,50 4.01,52.01,50 4,52.01,50 4,52,50"
GOOD_KML = KML.format(POLYGON.format(SQUARE) + LINE.format(SQUARE)).encode()


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as into:
        for name, data in files.items():
            into.writestr(name, data)
    return packed.getvalue()


def by_hand(
    stream: bytes, size: int, *, method: int = 8, flags: int = 0, entries: int = 1, name: bytes = b"doc.kml"
) -> bytes:
    """An archive whose every entry is the same compressed stream, said to unpack to `size` bytes."""
    fields = struct.pack("<5H3L2H", 20, flags, method, 0, 0, 0, len(stream), size, len(name), 0)
    head = b"PK\x03\x04" + fields + name
    central = (
        b"PK\x01\x02"
        + struct.pack(
            "<6H3L5H2L", 20, 20, flags, method, 0, 0, 0, len(stream), size, len(name), 0, 0, 0, 0, 0, 0
        )
        + name
    ) * entries
    end = b"PK\x05\x06" + struct.pack(
        "<4H2LH", 0, 0, min(entries, 65534), min(entries, 65534), len(central), len(head) + len(stream), 0
    )
    return head + stream + central + end


def bomb(times: int) -> bytes:
    """A deflate stream of `times` times ten megabytes of spaces, in ten kilobytes each."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = squeeze.compress(b" " * 10_000_000) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return piece * times + squeeze.flush()


def lying_zip64() -> bytes:
    """A small archive whose zip64 locator speaks of a directory of terabytes."""
    whole = archive({"doc.kml": GOOD_KML})
    at = whole.rindex(b"PK\x05\x06")
    record = b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, 10**9, 10**9, 10**12, 0)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, at, 1)
    return whole[:at] + record + locator + whole[at:]


def ring(count: int, radius: float = 0.01) -> list[list[float]]:
    steps = [2 * math.pi * index / count for index in range(count)]
    return [[4 + radius * math.cos(step), 52 + radius * math.sin(step)] for step in steps]


def kml_ring(points: list[list[float]]) -> str:
    return " ".join(f"{lon},{lat},50" for lon, lat in points)


def polygon(*rings: Any) -> bytes:
    return json.dumps({"type": "Polygon", "coordinates": rings}).encode()


def with_holes(count: int) -> list[list[list[float]]]:
    square = [[0.0001, 0.0001], [0.0008, 0.0001], [0.0008, 0.0008], [0.0001, 0.0001]]
    corners = [(4 + index % 100 * 0.001, 52 + index // 100 * 0.001) for index in range(count)]
    holes = [[[lon + dx, lat + dy] for dx, dy in square] for lon, lat in corners]
    return [[[4, 52], [4.1, 52], [4.1, 52.1], [4, 52.1], [4, 52]], *holes]


def kml_with_holes(count: int) -> bytes:
    border, *holes = with_holes(count)
    inner = "".join(
        f"<innerBoundaryIs><LinearRing><coordinates>{kml_ring(hole)}</coordinates></LinearRing></innerBoundaryIs>"
        for hole in holes
    )
    text = POLYGON.format(kml_ring(border)).replace("</outerBoundaryIs>", f"</outerBoundaryIs>{inner}")
    return KML.format(text).encode()


def zigzag(count: int) -> list[list[float]]:
    """Parallel slanting edges: each one's box meets all the others'."""
    return [[4 + index * 1e-6 + index % 2 * 0.05, 52 + index % 2 * 0.05] for index in range(count)]


def combs(count: int) -> bytes:
    """Combs laid across each other: their union has a corner for every two teeth."""
    teeth = [(x / 48, y) for x in range(48) for y in ((0.01, 1) if x % 2 else (1, 0.01))] + [(1, 0), (0, 0)]
    found = []
    for index in range(count):
        points = [(y, x) if index % 2 else (x, y) for x, y in teeth]
        found.append([[[4 + x * 0.1 + index * 1e-6, 52 + y * 0.1] for x, y in points]])
    return json.dumps({"type": "MultiPolygon", "coordinates": found}).encode()


def gpx(points: str) -> bytes:
    return f'<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">{points}</gpx>'.encode()


def entities() -> bytes:
    """Ten entities, each ten times the one before: "billion laughs"."""
    ladder = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11))
    return f'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY l0 "ha">{ladder}]><kml>&l10;</kml>'.encode()


DOCTYPES = {
    "billion laughs": entities(),
    "quadratic blow-up": (
        b'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "' + b"a" * 100_000 + b'">]><kml>' + b"&a;" * 50_000
    ),
    "an external entity": b'<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml>&x;</kml>',
    "an external document type": b'<!DOCTYPE kml SYSTEM "http://127.0.0.1:9/x.dtd"><kml/>',
    "a parameter entity": b'<!DOCTYPE kml [<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;]><kml/>',
    "a document type in UTF-16": '<!DOCTYPE kml [<!ENTITY x "y">]><kml>&x;</kml>'.encode("utf-16"),
}


@dataclass(frozen=True)
class Hostile:
    """A file, the readers it is given to, and what the error says; without, it may also be read."""

    build: Callable[[], bytes]
    readers: tuple[str, ...] = MAPS
    told: str = ""


HOSTILE: dict[str, Hostile] = {
    # archives
    "kmz bomb of 4 GB": Hostile(lambda: by_hand(bomb(400), 4_000_000_000), told="unpacks to more than 50 MB"),
    "kmz bomb that says it is small": Hostile(lambda: by_hand(bomb(400), 1000), told="no KMZ"),
    "kmz of overlapping entries": Hostile(lambda: by_hand(bomb(6), 60_000_000, entries=5000), told="50 MB"),
    "kmz of 400,000 entries": Hostile(lambda: by_hand(b"\x03\x00", 0, entries=400_000), told="at most 10000"),
    "kmz with a lying zip64 record": Hostile(lying_zip64, told="zip64"),
    "kmz in kmz in kmz": Hostile(
        lambda: archive({"doc.kml": archive({"doc.kml": archive({"doc.kml": GOOD_KML})})}), told="no XML"
    ),
    "kmz under a password": Hostile(lambda: by_hand(b"\x03\x00", 0, flags=1), told="no KMZ"),
    "kmz packed with a gigabyte's dictionary": Hostile(
        lambda: by_hand(b"\x09\x14\x05\x00\x5d\xff\xff\xff\xff" + b"\x00" * 100, 1000, method=14),
        told="packed",
    ),
    "kmz packed in an unknown way": Hostile(lambda: by_hand(b"xx", 2, method=77), told="packed"),
    "kmz without its end": Hostile(lambda: archive({"doc.kml": GOOD_KML})[:-30], told="cut short"),
    "only the mark of an archive": Hostile(lambda: b"PK\x03\x04", told="cut short"),
    "wpml of nothing": Hostile(lambda: archive({"wpmz/waylines.wpml": b""}), ("mission",), told="no XML"),
    # XML
    **{name: Hostile(lambda data=data: data, told="document type") for name, data in DOCTYPES.items()},  # type: ignore[misc]
    "xml 600,000 deep": Hostile(lambda: b"<kml>" + b"<a>" * 590_000, told="at most|no XML"),
    "xml 290,000 deep and whole": Hostile(lambda: b"<a>" * 290_000 + b"</a>" * 290_000, told="nested"),
    "xml of five million elements": Hostile(lambda: b"<kml>" + b"<a/>" * 5_000_000 + b"</kml>", told="tags"),
    "xml of attributes": Hostile(
        lambda: b"<kml " + b" ".join(b'a%d=""' % n for n in range(1_000_000)) + b"/>", told="attributes"
    ),
    "xml of lines": Hostile(lambda: b"<kml>" + b"\n" * 40_000_000 + b"</kml>", told="lines"),
    "xml of references": Hostile(lambda: b"<kml>" + b"&#10;" * 5_000_000 + b"</kml>", told="references"),
    "xml larger than is read": Hostile(lambda: b"<kml>" + b" " * 60_000_000, told="larger than 50 MB"),
    "xml of placemarks in placemarks": Hostile(
        lambda: b"<kml>" + b"<Placemark>" * 200_000 + b"</Placemark>" * 200_000 + b"</kml>", told="nested"
    ),
    "xml in an encoding nobody has": Hostile(
        lambda: b'<?xml version="1.0" encoding="x-no"?><kml/>', told="XML"
    ),
    "xml in EBCDIC": Hostile(lambda: GOOD_KML.decode().encode("cp037")),
    "xml of another kind": Hostile(lambda: b"<html><body/></html>", told="empty|neither|no line"),
    # geometry
    "a million vertices, geojson": Hostile(
        lambda: polygon(ring(1_000_000)), told="at most|more than|no Feat"
    ),
    "a million vertices, kml": Hostile(
        lambda: KML.format(POLYGON.format("4.0123456,52.0123456,50 " * 1_000_000)).encode(),
        ("area",),
        told="100000 points",
    ),
    "a million points, kml line": Hostile(
        lambda: KML.format(LINE.format("4.0123456,52.0123456,50 " * 1_000_000)).encode(),
        ("mission", "line"),
        told="points",
    ),
    "a million points, gpx": Hostile(
        lambda: gpx("<rte>" + '<rtept lat="52" lon="4"/>' * 1_000_000 + "</rte>"), told="at most"
    ),
    "a million lines of waypoints": Hostile(
        lambda: b"QGC WPL 110\n" + b"0\t0\t3\t16\t0\t0\t0\t0\t52\t4\t50\t1\n" * 1_000_000,
        ("mission",),
        told="items|most",
    ),
    "100,000 vertices": Hostile(lambda: polygon(ring(99_000)), ("area",)),
    "10,000 holes, geojson": Hostile(lambda: polygon(*with_holes(10_000)), ("area",)),
    "10,000 holes, kml": Hostile(lambda: kml_with_holes(10_000), ("area",)),
    "a tangle of edges": Hostile(lambda: polygon(zigzag(90_000)), ("area",), told="tangle"),
    "a tangle of polygons": Hostile(lambda: combs(900), ("area",), told="tangle"),
    "more polygons than are read": Hostile(
        lambda: json.dumps({"type": "MultiPolygon", "coordinates": [[ring(3)]] * 2000}).encode(),
        ("area",),
        told="2000 polygons",
    ),
    # JSON
    "json a million deep": Hostile(
        lambda: b"[" * 1_000_000, ALL, told="nested|no JSON|no Dron|no line|no miss"
    ),
    "json objects 100,000 deep": Hostile(lambda: b'{"a":' * 100_000, ALL, told="nested|no Droneteam"),
    "json of empty lists": Hostile(lambda: b'{"a":[' + b"[]," * 16_000_000 + b"1]}", ALL, told="at most"),
    "json of numbers": Hostile(lambda: b'{"a":[' + b"0.1," * 10_000_000 + b"1]}", ALL, told="at most"),
    "json of a number of a million digits": Hostile(
        lambda: b'{"type":"Polygon","coordinates":[[[' + b"9" * 1_000_000 + b",4]]]}",
        ALL,
        told="too long|no Droneteam|no Feature",
    ),
    "json of one name": Hostile(
        lambda: polygon(ring(5))[:-1] + b',"name":"' + b"a" * 40_000_000 + b'"}', ("area",)
    ),
    "json of one name in wide characters": Hostile(
        lambda: (
            polygon(ring(5))[:-1] + b',"name":"' + b"a" * 40_000_000 + "\N{GRINNING FACE}".encode() + b'"}'
        ),
        ("area",),
    ),
    "json with half a character": Hostile(lambda: polygon(ring(5))[:-1] + rb',"name":"a\ud800b"}', ("area",)),
    "json larger than is read": Hostile(lambda: b'{"a":"' + b" " * 60_000_000, ALL, told="larger than 50 MB"),
    # encodings
    "empty": Hostile(lambda: b"", ALL, told="empty|no mission|no Droneteam|no line"),
    "nothing but zeros": Hostile(lambda: bytes(1_000_000), ALL, told=" "),
    "noise": Hostile(lambda: b"\x80\x93\xfe" * 100_000, ALL, told="neither|no mission|no Droneteam|no line"),
    "geojson in UTF-32": Hostile(lambda: polygon(ring(5)).decode().encode("utf-32"), told=" "),
}

_CHILD = """
import json, os, signal, sys
from pathlib import Path
from missions.errors import DroneteamError
from missions.formats import import_plan, read_area
from missions.formats.read_line import read_line
from missions.plan_file import read_plan
readers = {"area": read_area, "mission": import_plan, "plan": read_plan, "line": read_line}

def outcome(reader, path):
    try:
        readers[reader](Path(path))
    except DroneteamError as error:
        return {"where": error.where, "what": error.what, "remedy": error.remedy}
    except BaseException as error:
        return {"broke": repr(error)[:300]}
    return {"read": True}

for row in sys.stdin:
    job = json.loads(row)
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        os.write(send, json.dumps(outcome(*job)).encode())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        told = pipe.read()
    usage = os.wait4(child, 0)[2]
    found = json.loads(told) if told else {"broke": "was stopped"}
    took = {"seconds": usage.ru_utime + usage.ru_stime, "mb": usage.ru_maxrss / 1000}
    print(json.dumps({**found, **took}), flush=True)
"""


Ask = Callable[[str, Path], dict[str, Any]]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """What a reader makes of a file, in a process of its own: outcome, seconds computed and megabytes."""
    command = [sys.executable, "-c", _CHILD]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=root) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        asked, told = child.stdin, child.stdout

        def answer(reader: str, path: Path) -> dict[str, Any]:
            asked.write(json.dumps((reader, str(path))) + "\n")
            asked.flush()
            found: dict[str, Any] = json.loads(told.readline())
            return found

        yield answer
        asked.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_answered_in_bounded_time_and_memory(tmp_path: Path, ask: Ask, name: str) -> None:
    hostile = HOSTILE[name]
    path = tmp_path / "hostile.any"
    path.write_bytes(hostile.build())
    for reader in hostile.readers:
        found = ask(reader, path)
        assert "broke" not in found, f"{reader}: {found}"
        assert found["seconds"] < SECONDS, f"{reader}: {found}"
        assert found["mb"] < MEGABYTES, f"{reader}: {found}"
        if hostile.told:
            assert "read" not in found, reader
            assert str(path) in found["where"], found
            assert found["remedy"], found
            assert any(part in found["what"] for part in hostile.told.split("|")), f"{reader}: {found}"


def test_an_archive_writes_nothing_wherever_its_names_point(tmp_path: Path) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    names = ["../../evil.kml", "/tmp/droneteam-evil.kml", "..\\..\\evil.kml", "C:\\evil.kml"]
    for name in names:
        path = inside / "area.kmz"
        path.write_bytes(archive({name: GOOD_KML}))
        assert read_area(path).parts
    assert {one for one in tmp_path.rglob("*") if one.is_file()} == {inside / "area.kmz"}
    assert not Path("/tmp/droneteam-evil.kml").exists()
