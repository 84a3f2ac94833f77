"""Bad input: one clear error on standard error, exit code 2, nothing written."""

from __future__ import annotations

import json
import math
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ops.operations import Operation

Droneteam = Callable[..., subprocess.CompletedProcess[str]]
SEARCH = ("--aircraft", "ardupilot-copter", "--camera", "demo-thermal", "-o", "made.json")
SQUARE = "5.27,52.12 5.28,52.12 5.28,52.13 5.27,52.13 5.27,52.12"
KML = (
    '<?xml version="1.0"?>{dtd}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'
)
POLYGON = (
    "<Placemark><name>{name}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates>"
)
POLYGON += "</LinearRing></outerBoundaryIs></Polygon></Placemark>"
ENTITY = '<!DOCTYPE kml [<!ENTITY stolen SYSTEM "file:///etc/hostname">]>'


def polygon(*ring: tuple[object, object]) -> str:
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


AREAS = {
    "nothing at all": "",
    "an empty collection": '{"type": "FeatureCollection", "features": []}',
    "an empty polygon": '{"type": "Polygon", "coordinates": []}',
    "an area of no size": polygon((5, 52), (5, 52), (5, 52), (5, 52)),
    "a polygon that crosses itself": polygon((5, 52), (5.01, 52.01), (5.01, 52), (5, 52.01), (5, 52)),
    "coordinates of NaN": polygon((math.nan, 52), (5.01, 52), (5.01, 52.01), (math.nan, 52)),
    "coordinates out of range": polygon((5, 152), (5.01, 152), (5.01, 152.01), (5, 152)),
    "latitude and longitude swapped": polygon((52, 185), (52.01, 185), (52.01, 185.01), (52, 185)),
    "coordinates that are text": polygon(("a", "b"), ("c", "d"), ("e", "f"), ("a", "b")),
    "no JSON": '{"type": "Polygon", "coordinates": [[',
    "JSON nested without end": "[" * 100_000,
    "a KML with an external entity": KML.format(
        dtd=ENTITY, body=POLYGON.format(name="&stolen;", ring=SQUARE)
    ),
    "a KML without an area": KML.format(dtd="", body="<Placemark/>"),
    "a KML with NaN": KML.format(dtd="", body=POLYGON.format(name="x", ring=SQUARE.replace("52.13", "nan"))),
    "a KML that is cut off": KML.format(dtd="", body=POLYGON.format(name="x", ring=SQUARE))[:-40],
}


@pytest.fixture
def nothing_written(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Call it when all input stands; at the end of the test the folder must hold the same files."""
    before: dict[Path, bytes] = {}

    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() if path.is_file() else b"" for path in tmp_path.rglob("*")}

    yield lambda: before.update(contents())
    assert before, "the test must say when its input stands"
    assert contents() == before


def assert_refused(result: subprocess.CompletedProcess[str], *names: str, first: bool = True) -> None:
    """One error, on the last line, naming these, with something to do about it."""
    errors = [line for line in result.stderr.splitlines() if line.startswith("droneteam: error: ")]
    assert result.returncode == 2, result.stderr
    assert len(errors) == 1, result.stderr
    assert result.stderr.splitlines()[-1] == errors[0]
    assert "Traceback" not in result.stderr
    assert all(name in errors[0] for name in names), errors[0]
    assert errors[0].count(". ") >= 1, f"no remedy: {errors[0]}"
    if first:
        assert (result.stdout, result.stderr.count("\n")) == ("", 1)


AS_A_USER = (
    "an empty collection",
    "a polygon that crosses itself",
    "coordinates of NaN",
    "coordinates out of range",
    "a KML with an external entity",
)


@pytest.mark.parametrize("what", AREAS)
def test_an_area_that_is_none(
    inside: Droneteam, droneteam: Droneteam, tmp_path: Path, nothing_written: Callable[[], None], what: str
) -> None:
    (tmp_path / "area.txt").write_text(AREAS[what])
    nothing_written()
    run = droneteam if what in AS_A_USER else inside
    assert_refused(run("plan", "search", "area.txt", *SEARCH, "--picture", "made.png"), "area.txt")


def test_an_entity_is_not_read_even_where_it_could_be(inside: Droneteam, tmp_path: Path) -> None:
    (tmp_path / "area.kml").write_text(AREAS["a KML with an external entity"])
    result = inside("plan", "search", "area.kml", *SEARCH)
    assert Path("/etc/hostname").read_text().strip() not in result.stdout + result.stderr


def test_an_unknown_camera(droneteam: Droneteam, field: Path, nothing_written: Callable[[], None]) -> None:
    nothing_written()
    assert_refused(droneteam("plan", "search", field, *SEARCH, "--camera", "kodak"), "'kodak'")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (("--aircraft", "zeppelin"), ["'zeppelin'"]),
        (("--height", "nan"), ["nan"]),
        (("--height", "-5"), ["-5"]),
        (("--overlap", "100"), ["100"]),
        (("--overlap", "a,b"), ["a,b"]),
        (("--angle", "inf"), ["inf"]),
        (("--take-off", "nan,5"), ["nan"]),
        (("--take-off", "95,5"), ["95"]),
        (("--picture", "made.pdf"), ["made.pdf"]),
        (("--picture", "field.geojson/made.png"), ["made.png"]),
        (("-o", "field.geojson/made.json"), ["made.json"]),
        (("-o", "/proc/made.json"), ["/proc"]),
        (("--operation", "field.geojson"), ["field.geojson"]),
    ],
)
def test_a_search_that_cannot_be(
    inside: Droneteam,
    field: Path,
    nothing_written: Callable[[], None],
    change: tuple[str, str],
    names: list[str],
) -> None:
    nothing_written()
    assert_refused(inside("plan", "search", field, *SEARCH, *change), *names)


def test_a_plan_file_of_another_version(
    droneteam: Droneteam, plan_file: Path, nothing_written: Callable[[], None]
) -> None:
    plan_file.write_text(plan_file.read_text().replace('"version": 2', '"version": 9', 1))
    nothing_written()
    assert_refused(droneteam("export", plan_file, "--to", "kml", "-o", "made.kml"), "plan.json", "version 9")


@pytest.mark.parametrize("command", [("export", "--to", "kml", "-o", "made.kml"), ("upload",), ("fly",)])
@pytest.mark.parametrize(
    "change",
    [{"version": 99}, {"version": "1"}, {"format": "something"}, {"plan": {"take_off": {"lat_deg": 1e999}}}],
)
def test_a_plan_file_of_another_version_or_make(
    inside: Droneteam,
    plan_file: Path,
    nothing_written: Callable[[], None],
    command: tuple[str, ...],
    change: dict[str, object],
) -> None:
    plan_file.write_text(json.dumps(json.loads(plan_file.read_text()) | change))
    nothing_written()
    assert_refused(inside(command[0], plan_file, *command[1:]), "plan.json")


@pytest.mark.parametrize(
    "data", [b"", b"hello", bytes(4000), b"\x89PNG\r\n" * 900], ids=["empty", "text", "zeros", "png"]
)
def test_a_file_that_is_no_tlog(
    inside: Droneteam, droneteam: Droneteam, tmp_path: Path, nothing_written: Callable[[], None], data: bytes
) -> None:
    (tmp_path / "flight.tlog").write_bytes(data)
    frames(tmp_path / "frames")
    nothing_written()
    run = droneteam if data == b"hello" else inside
    assert_refused(run("listen", "tlog:flight.tlog", "--record", "rec"), "flight.tlog", first=False)
    assert_refused(
        inside("heat", "frames", "--track", "flight.tlog", "-o", "f.geojson"), "flight.tlog", first=False
    )


def frames(folder: Path) -> None:
    folder.mkdir()
    Image.fromarray(np.full((64, 80), 29315, np.uint16)).save(folder / "0001.tiff")


def photos(folder: Path, count: int = 3) -> None:
    folder.mkdir()
    noise = np.random.default_rng(1)
    for number in range(count):
        Image.fromarray(noise.integers(0, 255, (300, 400, 3), np.uint8)).save(folder / f"{number}.jpg")


def test_photos_without_a_position(droneteam: Droneteam, tmp_path: Path) -> None:
    photos(tmp_path / "photos")
    result = droneteam("mosaic", "photos", "-o", "scene")
    assert_refused(result, "photos", first=False)
    assert not list(tmp_path.rglob("*.tif"))
    assert not (tmp_path / "scene" / "scene.json").exists()


def test_a_photo_without_position_is_left_out_by_name(inside: Droneteam, tmp_path: Path) -> None:
    photos(tmp_path / "photos", 1)
    assert_refused(inside("mosaic", "photos", "-o", "scene"), first=False)


@pytest.mark.parametrize("folder", ["nothing", "empty", "file.txt"])
@pytest.mark.parametrize("command", ["mosaic", "heat"])
def test_a_folder_without_pictures(inside: Droneteam, tmp_path: Path, command: str, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("hello")
    assert_refused(inside(command, folder, "-o", "made"), first=False)
    assert not (tmp_path / "made").is_file()


@pytest.mark.parametrize("place", ["file.txt", "file.txt/below", "/proc/made"])
def test_a_folder_that_cannot_be_written(
    inside: Droneteam,
    droneteam: Droneteam,
    plan_file: Path,
    tmp_path: Path,
    nothing_written: Callable[[], None],
    place: str,
) -> None:
    (tmp_path / "file.txt").write_text("hello")
    photos(tmp_path / "photos")
    operation = Operation.create(tmp_path / "op", "x", "patrol")
    assert inside("keys", "new", "key.pem").returncode == 0
    nothing_written()
    name = Path(place).name
    for command in (
        ("mosaic", "photos", "-o", place),
        ("bundle", operation.folder, "-o", place, "--key", "key.pem"),
        ("operation", "new", "x", "--kind", "patrol", "--folder", place),
        ("listen", "udp:127.0.0.1:0", "--for", "0.5", "--record", place),
        ("export", plan_file, "--to", "kml", "-o", f"{place}/x.kml"),
        ("keys", "new", f"{place}/key.pem"),
    ):
        run = droneteam if place == "file.txt/below" else inside
        assert_refused(run(*command), name, first=False)


def test_a_link_that_nobody_answers(
    inside: Droneteam, droneteam: Droneteam, plan_file: Path, nothing_written: Callable[[], None]
) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent,
        socket.create_server(("127.0.0.1", 0)) as mute,
    ):
        silent.bind(("127.0.0.1", 0))
        links = (
            f"udpout:127.0.0.1:{silent.getsockname()[1]}",
            f"tcp:127.0.0.1:{mute.getsockname()[1]}",
            "udp:0",
        )
        nothing_written()
        for link in links:
            run = droneteam if link == links[0] else inside
            result = run("upload", plan_file, "--link", link, DRONETEAM_LINK_TIMEOUT_S="1")
            assert_refused(result, link.split(":")[0], "nothing was heard", first=False)
        fly = inside("fly", plan_file, "--link", links[0], "--record", "rec", DRONETEAM_LINK_TIMEOUT_S="1")
        assert_refused(fly, "nothing was heard", first=False)
        assert_refused(inside("listen", links[0], "--for", "1"), "nothing was heard", first=False)


@pytest.mark.parametrize(
    "link", ["tcp:127.0.0.1:1", "nonsense", "udp:127.0.0.1:99999", "serial:/dev/nothing", "tcp:"]
)
def test_a_link_that_cannot_be_opened(
    inside: Droneteam, plan_file: Path, nothing_written: Callable[[], None], link: str
) -> None:
    nothing_written()
    assert_refused(
        inside("upload", plan_file, "--link", link, DRONETEAM_LINK_TIMEOUT_S="1"), link, first=False
    )
    assert_refused(inside("listen", link, "--for", "1"), link, first=False)
    assert_refused(inside("serve", "--link", link, "--port", "0"), link, first=False)


def test_other_things_that_are_not_there(
    inside: Droneteam, nothing_written: Callable[[], None], field: Path
) -> None:
    nothing_written()
    for command in (
        ("serve", "nothing", "--port", "0"),
        ("serve", field, "--port", "0"),
        ("verify", "nothing"),
        ("verify", field),
        ("bundle", "nothing", "-o", "bag", "--key", "nothing"),
        ("operation", "show", "nothing"),
        ("operation", "new", "x", "--kind", "party"),
        ("import", field.parent),
        ("import", "nothing"),
        ("--config", "nothing.toml", "catalogue"),
        ("sitl", "run", "submarine"),
        ("sitl", "run", "submarine", "--small"),
        ("sitl", "install", "submarine"),
    ):
        assert_refused(inside(*command), first=False)


def test_a_port_that_is_taken(inside: Droneteam, nothing_written: Callable[[], None], field: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        nothing_written()
        assert_refused(inside("serve", "--port", port), port, first=False)


def test_no_arducopter_is_told_with_the_way_to_get_one(inside: Droneteam, tmp_path: Path) -> None:
    result = inside("sitl", "run", "copter", DRONETEAM_SITL=str(tmp_path / "none"))
    assert_refused(result, "droneteam sitl install copter", first=False)
