"""The learned detector: what it finds, on frames of any unit and size, and what it says of a bad network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imaging.thermal.frame import Exposure, ThermalFrame, Unit, Values
from imaging.thermal.learned import MODEL, LearnedDetector, LearnedOptions, Network
from imaging.thermal.learned.detecting import agreed, best_of_groups
from imaging.thermal.learned.network import evened, told
from missions.errors import FormatError

PEOPLE = ((120.0, 90.0), (400.0, 300.0), (520.0, 140.0))


def frame_of(values: Values, unit: Unit = "grey") -> ThermalFrame:
    """A frame without a file."""
    return ThermalFrame(Path("frame.tif"), values.astype(np.float32), unit, Exposure(), "0" * 64)


def ground(rows: int = 512, columns: int = 640) -> Values:
    """Uneven ground: 100 grey levels, a spread of three."""
    chances = np.random.default_rng(5)
    coarse = chances.standard_normal((rows // 16 + 2, columns // 16 + 2)).astype(np.float32)
    smooth = np.asarray(Image.fromarray(coarse).resize((columns, rows), Image.Resampling.BICUBIC), np.float32)
    return 100 + 3 * smooth + chances.standard_normal((rows, columns)).astype(np.float32)


def with_people(values: Values, contrast: float = 60.0) -> Values:
    """Upright people of 10 by 20 pixels: a body and a head, soft at the edge as a lens leaves them."""
    rows, columns = np.mgrid[: values.shape[0], : values.shape[1]].astype(np.float32)
    out = values.copy()
    for col, row in PEOPLE:
        body = np.exp(-(((columns - col) / 3.6) ** 4) - ((rows - row) / 8.0) ** 4)
        out += np.float32(contrast) * body.astype(np.float32)
    return out


def people_in(detector: LearnedDetector, frame: ThermalFrame) -> list[tuple[float, float]]:
    """Centres of what is taken for people."""
    return [(spot.col, spot.row) for spot in detector(frame, None) if spot.category == "person"]


def test_it_finds_the_people_who_stand_on_open_ground_and_nobody_else() -> None:
    found = people_in(LearnedDetector(), frame_of(with_people(ground())))
    assert len(found) == len(PEOPLE)
    for col, row in PEOPLE:
        assert min(np.hypot(col - x, row - y) for x, y in found) < 3


def test_bare_ground_holds_nobody() -> None:
    assert people_in(LearnedDetector(), frame_of(ground())) == []


@pytest.mark.parametrize(("scale", "zero", "unit"), [(0.04, -3.0, "degC"), (4.0, 28_000.0, "counts")])
def test_the_unit_of_a_frame_changes_nothing(scale: float, zero: float, unit: Unit) -> None:
    values = with_people(ground())
    detector = LearnedDetector()
    grey, other = (
        sorted(detector(frame), key=lambda spot: spot.col)
        for frame in (frame_of(values), frame_of(values * scale + zero, unit))
    )
    # where the last digit of a value falls otherwise, 8 bits of the network may too
    assert np.allclose([spot.box for spot in grey], [spot.box for spot in other], atol=1)
    assert np.allclose([spot.score for spot in grey], [spot.score for spot in other], atol=0.05)
    assert np.allclose([spot.contrast * scale for spot in grey], [spot.contrast for spot in other], rtol=0.02)


def test_a_spot_says_how_much_it_stands_out_and_what_it_is_taken_for() -> None:
    spot = LearnedDetector()(frame_of(with_people(ground())))[0]
    assert spot.polarity == "warm"
    assert 40 < spot.contrast < 75
    assert "Person" in spot.why
    assert (spot.category, spot.label) == ("person", "Person")
    assert "warmer" in spot.why
    assert 12 < spot.sides_px[0] < 28


@pytest.mark.parametrize("shape", [(120, 160), (256, 320), (513, 641), (600, 800)])
def test_frames_of_any_size_are_searched_and_boxes_lie_inside(shape: tuple[int, int]) -> None:
    values = with_people(ground(*shape))
    found = LearnedDetector(LearnedOptions(least_score=0.02)).found(values)
    assert found.boxes.shape[1] == 4
    assert (found.boxes[:, :2] >= 0).all()
    assert (found.boxes[:, 2] <= shape[1]).all()
    assert (found.boxes[:, 3] <= shape[0]).all()
    assert (np.diff(found.scores) <= 0).all()


def test_pixels_without_a_value_hide_nobody_elsewhere() -> None:
    values = with_people(ground())
    values[200:260, 100:300] = np.nan
    assert len(people_in(LearnedDetector(), frame_of(values))) == len(PEOPLE)
    assert people_in(LearnedDetector(), frame_of(np.full((512, 640), np.nan, np.float32))) == []


def test_no_person_is_left_out_for_what_is_believed_of_the_ground() -> None:
    """The ground may be nearer than it is thought to be, and the foreground of a flat look is."""
    frame = frame_of(with_people(ground()))
    detector = LearnedDetector()
    near, far = detector(frame, 0.08), detector(frame, 0.5)
    assert len([spot for spot in near if spot.category == "person"]) == len(PEOPLE)
    assert far == near


def test_a_frame_is_evened_about_its_median_whatever_stands_out() -> None:
    values = ground()
    values[10, 10] = 1e6
    even = evened(values)
    few = even[::8, ::8]
    assert np.median(few) == pytest.approx(0, abs=1e-3)
    assert np.diff(np.percentile(few, [1, 99]))[0] == pytest.approx(4, abs=1e-3)
    assert np.abs(even).max() <= 6
    assert (evened(np.full((64, 64), 7, np.float32)) == 0).all()


def test_the_best_of_every_group_stays_and_classes_do_not_meet() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [1, 0, 11, 10], [30, 30, 40, 40]], np.float32)
    assert best_of_groups(boxes, np.array([0, 0, 1, 0]), 0.5).tolist() == [0, 2, 3]
    assert best_of_groups(boxes[:0], np.zeros(0, np.int64), 0.5).tolist() == []


def test_a_network_that_is_none_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "people.onnx"
    broken.write_bytes(MODEL.read_bytes()[:1000])
    with pytest.raises(FormatError, match="no network") as raised:
        Network(broken).answer(ground(), 0.25)
    assert str(broken) in str(raised.value)
    with pytest.raises(FormatError, match="cannot be read"):
        Network(tmp_path / "none.onnx").answer(ground(), 0.25)


def test_a_frame_too_large_is_refused_before_it_is_searched() -> None:
    with pytest.raises(FormatError, match="too large"):
        Network().answer(np.zeros((8, 5000), np.float32), 0.25)


def test_people_of_real_flights_are_found(shared: Callable[[str], Path]) -> None:
    """Frames of a test date that show people on open ground at night."""
    folder = shared("thermal/hituav")
    names = sorted(path.name for path in (folder / "images").glob("1_80_90_0_*.jpg"))[:4]
    detector, seen = LearnedDetector(), 0
    for name in names:
        with Image.open(folder / "images" / name) as file:
            seen += len(people_in(detector, frame_of(np.asarray(file.convert("L"), np.float32))))
    assert seen >= 2 * len(names)


def test_cells_become_the_boxes_that_their_logits_and_sides_tell() -> None:
    chances = np.random.default_rng(2)
    cells = chances.normal(0, 2, (5 * 7, 4 + 4)).astype(np.float32)
    boxes, scores, classes = told(cells, 8, 7, 0.3)
    wanted = [
        (
            cell % 7,
            cell // 7,
            kind,
            1 / (1 + np.exp(-float(cells[cell, kind]))),
            np.log1p(np.exp(cells[cell, 4:])),
        )
        for cell in range(len(cells))
        for kind in range(4)
    ]
    wanted = [each for each in wanted if each[3] > 0.3]
    assert classes.tolist() == [each[2] for each in wanted]
    assert scores == pytest.approx([each[3] for each in wanted], abs=1e-6)
    for box, (column, row, _, _, (left, top, right, bottom)) in zip(boxes, wanted, strict=True):
        middle = np.array([column + 0.5, row + 0.5, column + 0.5, row + 0.5])
        assert box == pytest.approx(8 * (middle + np.array((-left, -top, right, bottom))), abs=1e-3)
    assert len(told(cells, 8, 7, 0.0)[1]) == cells[:, :4].size
    assert len(told(cells, 8, 7, 1.0)[1]) == 0


def test_a_person_s_box_is_what_the_cells_around_it_agree_on_and_no_other_s() -> None:
    boxes = np.array(
        [[10, 10, 20, 30], [11, 10, 21, 31], [12, 11, 20, 34], [10, 10, 20, 30], [40, 10, 50, 30]], np.float32
    )
    scores, classes = np.array([0.6, 0.3, 0.1, 0.5, 0.4], np.float32), np.array([0, 0, 0, 1, 0])
    kept = best_of_groups(boxes, classes, 0.5)
    assert kept.tolist() == [0, 3, 4]
    found = agreed(boxes, scores * (classes == 0), kept, 0.5)
    assert found[0] == pytest.approx(0.6 * boxes[0] + 0.3 * boxes[1] + 0.1 * boxes[2], abs=1e-4)
    assert found[1:].tolist() == boxes[3:].tolist()
    assert agreed(boxes[:0], scores[:0], kept[:0], 0.5).shape == (0, 4)


def test_a_person_s_box_without_an_area_stays_what_it_is() -> None:
    boxes = np.array([[10, 10, 10, 30]], np.float32)
    assert agreed(boxes, np.ones(1, np.float32), np.zeros(1, np.int64), 0.5).tolist() == boxes.tolist()
