"""The scene sheet: true to scale on paper, complete, legible, and honest about what it is worth."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from imaging.measure.figures import Figure
from imaging.sheet.content import SCALES, Case, SheetContent, SheetOptions
from imaging.sheet.drawing import MARK_COLOUR
from imaging.sheet.layout import PAPERS_MM, layout_of
from imaging.sheet.sheet import write_sheet
from missions.errors import InputError, SettingsError
from missions.geodesy import GeoPoint, LocalFrame
from missions.rdnap import NAP_GRID, RD_GRID, Frame, open_rdnap
from sitl.world import World
from tests.imaging.sheet_scene import (
    VERDICT,
    Floats,
    Pixels,
    Places,
    content,
    distance,
    mark,
    painted_picture,
    rendered,
    texts,
    world_picture,
)

HAGUE = GeoPoint(52.17, 4.44)
ZONE_EDGE = GeoPoint(0.4, 5.95)
"""Here a metre on the ground is 1.00097 m on the UTM grid: 0.29 mm over 300 mm on paper."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> SheetContent:
    """A rendered junction with eight marks and a figure of each kind."""
    world = World(seed=3, origin=HAGUE, size_m=60, texel_m=0.1)
    picture = world_picture(tmp_path_factory.mktemp("sheet") / "orthomosaic.tif", world, 0.05)
    (a, b), (c, d) = ((skid.path[0], skid.path[-1]) for skid in world.layout.skids[:2])
    marks = (
        *(mark(letter, *at) for letter, at in zip("ABCD", (a, b, c, d), strict=True)),
        mark("E", 0, 0, note="glass"),
        mark("F", 8, -6, 0.1),
        mark("G", 12, 2, 1.2, note="roof of the first car, front right corner, as the fire brigade left it"),
        mark("H", -9, 9),
    )
    figures = (
        distance(marks[0], marks[1]),
        Figure("path", ("E", "F", "G"), 19.0, 0.06, "m", "along the kerb"),
        Figure("horizontal distance", ("A", "H"), 21.8, 0.03, "m"),
        Figure("height difference", ("F", "G"), 1.1, 0.07, "m"),
        Figure("area", ("E", "F", "G"), 44.3, 0.5, "m²"),
        Figure("angle", ("E", "F", "G"), 83.1, 0.4, "°"),
    )
    return content(picture, world.frame, marks, figures)


def two_centres_mm(page: Pixels, dpi: int) -> list[Floats]:
    """The middles of the only two things in the marks' own colour, millimetres from the page's upper left."""
    colour = np.round(np.array(MARK_COLOUR) * 255).astype(np.int16)
    red = np.flatnonzero(np.abs(page[..., 0].astype(np.int16) - colour[0]) < 12)
    rows, columns = np.unravel_index(red, page.shape[:2])
    own = np.abs(page[rows, columns].astype(np.int16) - colour).max(axis=1) < 12
    spots = np.column_stack([columns[own], rows[own]])
    spots = spots[np.argsort(spots[:, 0], kind="stable")]
    gap = int(np.argmax(np.diff(spots[:, 0]))) + 1
    return [(part.min(axis=0) + part.max(axis=0) + 1) / 2 / dpi * 25.4 for part in (spots[:gap], spots[gap:])]


@pytest.mark.parametrize(
    ("origin", "paper", "orientation", "scale"),
    [
        (HAGUE, "A4", "portrait", 500),
        (HAGUE, "A3", "landscape", 200),
        (ZONE_EDGE, "A3", "landscape", 200),
        (ZONE_EDGE, "A4", "landscape", 250),
    ],
)
def test_two_marks_lie_as_far_apart_on_paper_as_on_the_ground(
    origin: GeoPoint, paper: str, orientation: str, scale: int, tmp_path: Path
) -> None:
    frame = LocalFrame(origin)
    reach = min(0.4 * layout_of(paper, "landscape").drawing.width_mm * scale / 1000, 28)
    places: Places = {"A": (-reach, -3.0, 0), "B": (reach, 4.0, 0)}
    picture = painted_picture(tmp_path / "o.tif", frame, 80, 0.05, places)
    marks = tuple(mark(letter, *at) for letter, at in places.items())
    made = content(picture, frame, marks, evidence=True)
    area = (-reach - 1.5, -6.0, reach + 1.5, 6.0)
    options = SheetOptions(paper=paper, orientation=orientation, scale=scale, area=area)  # type: ignore[arg-type]
    sheet = write_sheet(tmp_path / "s.pdf", made, options)
    assert (sheet.scale, sheet.paper, sheet.orientation) == (scale, paper, orientation)
    first, second = two_centres_mm(rendered(sheet.path, 300), 300)
    on_paper_mm = np.hypot(*(first - second))
    on_ground_mm = 1000 * np.hypot(2 * reach, 7) / scale
    assert on_paper_mm == pytest.approx(on_ground_mm, abs=0.1)


@pytest.mark.parametrize(("gsd_m", "scale"), [(0.012, 100), (0.02, 200), (0.02, 500), (0.013, 1000)])
def test_the_picture_lies_under_its_marks(gsd_m: float, scale: int, tmp_path: Path) -> None:
    """Native pixels, thinned ones, and those that are thinned twice: each within 0.1 mm of the mark."""
    frame = LocalFrame(HAGUE)
    places: Places = {"A": (-8.0, -6.0, 0), "B": (8.03, 6.01, 0)}
    radius_mm, dpi = 6.0, 400
    picture = painted_picture(tmp_path / "o.tif", frame, 30, gsd_m, places, radius_mm * scale / 1000)
    made = content(picture, frame, tuple(mark(letter, *at) for letter, at in places.items()), evidence=True)
    page = rendered(write_sheet(tmp_path / "s.pdf", made, SheetOptions(paper="A3", scale=scale)).path, dpi)
    green = (page[..., 1] > 180) & (page[..., 0] < 90) & (page[..., 2] < 90)
    for middle_mm in two_centres_mm(page, dpi):
        middle, reach = middle_mm / 25.4 * dpi, (radius_mm + 1) / 25.4 * dpi
        left, top = np.maximum(0, middle - reach).astype(int)
        right, foot = (middle + reach).astype(int)
        rows, columns = np.nonzero(green[top:foot, left:right])
        found = np.array([columns.min() + columns.max() + 1, rows.min() + rows.max() + 1]) / 2 + [left, top]
        assert np.abs(found - middle).max() / dpi * 25.4 < 0.1


def test_what_was_measured_is_read_back_in_full(scene: SheetContent, tmp_path: Path) -> None:
    remark = "Speed at the beginning of the skid marks: 62 to 71 km/h (17.4 to 19.5 m/s)"
    sheet = write_sheet(tmp_path / "s.pdf", replace(scene, remarks=(remark,)))
    written = [text.words for text in texts(sheet.path)]
    for words in (
        "19.00 ± 0.06 m", "18.94 … 19.06", "44.3 ± 0.5 m²", "83.1 ± 0.4°", "Δh 1.10 ± 0.07 m", remark,
        "1:200 on A3, true to the ground", "PL1500-2026-014231", "Laan 1, Ørsted", "none measured",
        "2026-09-15 09:30:00+00:00", f"page 1 of {sheet.pages}", f"page {sheet.pages} of {sheet.pages}",
        "E–F–G",
    ):  # fmt: skip
        assert words in written, words
    for letter in "ABCDEFGH":
        assert written.count(letter) == 2, "once on the drawing and once in the table"
    whole = "".join(written).replace(" ", "")
    assert "0123456789abcdef" * 4 in whole
    assert hashlib.sha256(scene.orthomosaic.read_bytes()).hexdigest() in whole
    assert sheet.sha256 == hashlib.sha256(sheet.path.read_bytes()).hexdigest()


def test_a_sheet_that_is_not_for_evidence_says_so_across_the_drawing(
    scene: SheetContent, tmp_path: Path
) -> None:
    across = [text for text in texts(write_sheet(tmp_path / "s.pdf", scene).path) if text.across]
    assert " ".join(text.words for text in across) == VERDICT.upper()
    drawing = layout_of("A3", "landscape").drawing
    assert all(text.outline.area > 0.02 * drawing.width_mm * drawing.height_mm for text in across)
    sound = content(scene.orthomosaic, scene.frame, scene.measurement.marks, evidence=True)
    assert not [text for text in texts(write_sheet(tmp_path / "t.pdf", sound).path) if text.across]


def test_a_verdict_of_many_failed_checks_is_printed_all_the_same(scene: SheetContent, tmp_path: Path) -> None:
    names = ", ".join(f"K{number}" for number in range(1, 61))
    verdict = f"not for evidence: the scene disagrees with the check of {names}"
    full = replace(scene, measurement=replace(scene.measurement, verdict=verdict))
    written = texts(write_sheet(tmp_path / "s.pdf", full).path)
    across = " ".join(text.words for text in written if text.across)
    assert across.startswith("NOT FOR EVIDENCE: THE SCENE DISAGREES")
    assert across.endswith("…")
    assert verdict.replace(" ", "") in "".join(text.words for text in written).replace(" ", "")


def test_an_angle_is_drawn_clockwise_from_its_first_mark_to_its_last(
    scene: SheetContent, tmp_path: Path
) -> None:
    marks = (mark("A", -6, -4), mark("B", 0, 0), mark("C", 7, -3))
    angles = (
        Figure("angle", ("A", "B", "C"), 236.9, 0.4, "°"),
        Figure("angle", ("C", "B", "A"), 123.1, 0.4, "°"),
    )
    made = content(scene.orthomosaic, scene.frame, marks, angles, evidence=True)
    written = texts(write_sheet(tmp_path / "s.pdf", made).path)
    drawing = layout_of("A3", "landscape").drawing
    heights_mm = {
        text.words: text.outline.centroid.y for text in written if text.outline.bounds[2] < drawing.right_mm
    }
    assert heights_mm["236.9 ± 0.4°"] > heights_mm["B"] > heights_mm["123.1 ± 0.4°"]


def test_it_is_written_in_dutch(scene: SheetContent, tmp_path: Path) -> None:
    written = [
        text.words for text in texts(write_sheet(tmp_path / "s.pdf", scene, SheetOptions(language="nl")).path)
    ]
    for words in ("19,00 ± 0,06 m", "Paspunten", "1:200 op A3, maatvast op de grond", "hoogteverschil"):
        assert words in written
    assert "niet als bewijs te gebruiken: geen paspunten" in written
    assert "NIET ALS" in " ".join(words for words in written if words.isupper())


@pytest.mark.parametrize("paper", PAPERS_MM)
@pytest.mark.parametrize("orientation", ["landscape", "portrait"])
def test_no_text_lies_on_another_or_outside_the_frame(
    scene: SheetContent, paper: str, orientation: str, tmp_path: Path
) -> None:
    random = np.random.default_rng(5)
    crowd = tuple(
        mark(f"M{number}", *(1.2 * random.normal(size=2)), note="a note of some length " * (number % 4))
        for number in range(30)
    )
    marks = (*scene.measurement.marks, *crowd)
    figures = (
        *scene.measurement.figures,
        *(distance(*pair) for pair in zip(marks[2:24], marks[8:], strict=False)),
    )
    many = content(scene.orthomosaic, scene.frame, marks, figures)
    options = SheetOptions(paper=paper, orientation=orientation)  # type: ignore[arg-type]
    sheet = write_sheet(tmp_path / "s.pdf", many, options)
    written = [text for text in texts(sheet.path) if not text.across and text.words.strip()]
    frame = layout_of(paper, sheet.orientation).frame
    inside = box(frame.x_mm, frame.y_mm, frame.right_mm, frame.top_mm)
    for text in written:
        assert inside.contains(text.outline), text.words
    for page in range(sheet.pages):
        for one, other in combinations([text for text in written if text.page == page], 2):
            assert one.outline.intersection(other.outline).area < 0.01, (one.words, other.words)
    shown = {text.words for text in written}
    assert {item.letter for item in marks} <= shown, (
        "each is in the table, wherever there was room on the drawing"
    )
    whole = " ".join(text.words for text in written)
    assert all(name in whole for name in sheet.unlabelled)


def test_more_rows_than_fit_go_on_further_pages(scene: SheetContent, tmp_path: Path) -> None:
    marks = tuple(
        mark(f"P{number}", number % 20 - 10, number // 20 - 5, note="found") for number in range(200)
    )
    full = content(scene.orthomosaic, scene.frame, marks, remarks=("word " * 390,) * 20)
    sheet = write_sheet(tmp_path / "s.pdf", full, SheetOptions(paper="A4"))
    assert sheet.pages > 4
    written = [text.words for text in texts(sheet.path)]
    assert all(written.count(f"P{number}") >= 1 for number in range(200))
    assert written.count("found") == 200
    assert sum(words.count("word") for words in written) == 390 * 20
    assert "Marks (continued)" in written


def test_texts_without_a_place_to_break_are_printed_whole(scene: SheetContent, tmp_path: Path) -> None:
    long = "Ж" * 2000
    case = Case(number=long, place=long, when=long, drawn_by=long, fields=((long, long),))
    marks = (mark("A", 0, 0, note=long), mark("B", 3, 3))
    figures = (replace(distance(*marks), note=long),)
    more = {
        "case": case,
        "remarks": (long, "\x00\x1b[2J\n\u202e", ""),
        "settings": {long: long},
        "software": {},
    }
    full = content(scene.orthomosaic, scene.frame, marks, figures, **more)
    sheet = write_sheet(tmp_path / "s.pdf", full, SheetOptions(paper="A4"))
    written = [text.words for text in texts(sheet.path)]
    # The foot of each page shows as much of the number as fits, and says so.
    whole = [words for words in written if "…" not in words]
    assert sum(words.count("Ж") for words in whole) == 12 * 2000
    assert not any(ord(letter) < 32 for letter in "".join(written))


def test_the_same_content_gives_the_same_bytes(scene: SheetContent, tmp_path: Path) -> None:
    first = write_sheet(tmp_path / "a.pdf", scene)
    assert write_sheet(tmp_path / "b.pdf", scene).path.read_bytes() == first.path.read_bytes()
    assert b"D:20260915093000" in first.path.read_bytes()
    other = replace(scene, case=replace(scene.case, number="another"))
    assert write_sheet(tmp_path / "c.pdf", other).sha256 != first.sha256


def test_the_largest_scale_that_holds_the_area_is_taken(scene: SheetContent, tmp_path: Path) -> None:
    for side_m, expected in ((20.0, 100), (49.0, 200), (60.0, 250), (120.0, 500), (250.0, 1000)):
        area = (-side_m / 2, -side_m / 2, side_m / 2, side_m / 2)
        sheet = write_sheet(tmp_path / "s.pdf", scene, SheetOptions(paper="A3", area=area))
        assert sheet.scale == expected
    assert set(SCALES) == {100, 200, 250, 500, 1000}


def test_an_area_that_does_not_fit_is_refused_with_what_would(scene: SheetContent, tmp_path: Path) -> None:
    area = (-25.0, -25.0, 25.0, 25.0)
    with pytest.raises(SettingsError, match=r"on A4 at 1:100.*fits at 1:500 on A4 or at 1:100 on A1"):
        write_sheet(tmp_path / "s.pdf", scene, SheetOptions(paper="A4", scale=100, area=area))
    with pytest.raises(SettingsError, match="No paper up to A1"):
        write_sheet(tmp_path / "s.pdf", scene, SheetOptions(area=(-900, -900, 900, 900)))
    assert not list(tmp_path.iterdir())


def test_marks_outside_a_drawing_that_was_asked_for_are_named(scene: SheetContent, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "s.pdf", scene, SheetOptions(area=(-2, -2, 10, 4), scale=100, paper="A4"))
    assert "H" in sheet.outside
    outside = f"Outside the drawing: {', '.join(sheet.outside)}."
    assert outside in [text.words for text in texts(sheet.path)]


def test_a_picture_that_is_not_the_one_in_the_report_is_refused(scene: SheetContent, tmp_path: Path) -> None:
    wrong = replace(scene, hashes={scene.orthomosaic.name: "0" * 64})
    with pytest.raises(InputError, match="SHA-256 differs"):
        write_sheet(tmp_path / "s.pdf", wrong)
    torn = tmp_path / "torn.tif"
    torn.write_bytes(scene.orthomosaic.read_bytes()[:1000])
    with pytest.raises(InputError, match="cannot be read"):
        write_sheet(tmp_path / "s.pdf", replace(scene, orthomosaic=torn))


def test_rd_coordinates_are_refused_without_their_official_grid(scene: SheetContent, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ETRS89 or in WGS 84"):
        write_sheet(tmp_path / "s.pdf", scene, SheetOptions(grid="rd"))
    told = replace(scene, reference=Frame.ETRS89)
    with pytest.raises(SettingsError, match="RDNAPTRANS2018"):
        write_sheet(tmp_path / "s.pdf", told, SheetOptions(grid="rd", grids=tmp_path))


def test_rd_coordinates_are_those_of_the_official_transformation(
    scene: SheetContent, shared: Callable[[str], Path], tmp_path: Path
) -> None:
    for name in (RD_GRID, NAP_GRID):
        shared(f"grids/{name}")
    rdnap = open_rdnap(shared("grids"))
    told = replace(scene, reference=Frame.ETRS89)
    sheet = write_sheet(tmp_path / "s.pdf", told, SheetOptions(grid="rd", grids=shared("grids")))
    found = texts(sheet.path)
    written = [text.words for text in found]
    lonlat = scene.frame.geo_from_local([item.local_m[:2] for item in scene.measurement.marks])
    geo = np.column_stack([lonlat[:, 1], lonlat[:, 0], np.full(len(lonlat), 43.0)])
    for x_m, y_m, _ in rdnap.rdnap_from_geo(geo, frame=Frame.ETRS89):
        assert {f"{x_m:.3f}", f"{y_m:.3f}"} <= set(written)
    assert rdnap.sha256[RD_GRID] in "".join(written).replace(" ", "")
    # The values beside the upper edge stand where the grid's lines, turned against the frame, meet it.
    drawing = layout_of("A3", "landscape").drawing
    labels = [
        t for t in found if t.outline.bounds[1] > drawing.top_mm and "\u202f" in t.words and t.page == 0
    ]
    spots = {int(t.words.replace("\u202f", "")): t.outline.centroid.x for t in labels}
    values = sorted(spots)
    assert len(values) >= 4
    steps_mm = np.diff([spots[value] for value in values])
    assert steps_mm == pytest.approx(np.diff(values) * 1000 / sheet.scale, abs=0.2)


@pytest.mark.parametrize(
    ("marks", "figures", "message"),
    [
        ((mark("A", 0, 0), mark("A", 1, 1)), (), "letters of their own"),
        ((mark("\x07", 0, 0),), (), "letters of their own"),
        ((mark("A", np.nan, 0),), (), "three finite numbers"),
        ((mark("A", 0, 0),), (Figure("distance", ("A", "B"), 1, 0.1, "m"),), "no mark 'B'"),
        (
            (mark("A", 0, 0), mark("B", 1, 1)),
            (Figure("distance", ("A", "B"), 1, np.inf, "m"),),
            "not a finite",
        ),
        ((mark("A", 0, 0), mark("B", 1, 1)), (Figure("area", ("A", "B"), 1, 1, "m²"),), "too few marks"),
        (tuple(mark(f"{n}", n, 0) for n in range(201)), (), "201 marks"),
    ],
)
def test_content_that_cannot_be_printed_is_refused(
    scene: SheetContent, marks: tuple, figures: tuple, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        write_sheet(tmp_path / "s.pdf", content(scene.orthomosaic, scene.frame, marks, figures))
