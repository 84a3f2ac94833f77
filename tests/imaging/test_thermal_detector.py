"""Which detector looks, and what its boxes are called."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imaging.thermal import learned
from imaging.thermal.detector import (
    DOUBTED,
    EVEN_CONTRAST,
    FULL_CONTRAST,
    LEAST_CONTRAST,
    BothDetectors,
    ContrastDetector,
    detector_called,
    label_of,
)
from imaging.thermal.frame import Exposure, ThermalFrame
from imaging.thermal.hotspots import on_hot_ground, overlap
from imaging.thermal.learned import LearnedDetector
from imaging.thermal.placing.spot import Spot
from imaging.thermal.radiometry import read_frame
from missions.errors import SettingsError


def a_frame(*places: tuple[int, int]) -> ThermalFrame:
    """A calm frame with a warm body of 9 x 16 px at each place (row, col)."""
    values = np.random.default_rng(5).normal(100, 1, (256, 320)).astype(np.float32)
    for row, col in places:
        values[row - 8 : row + 8, col - 4 : col + 5] += 120
    return ThermalFrame(Path("frame.png"), values, "grey", Exposure(), "0" * 64)


def test_contrast_alone_is_a_detector_and_its_boxes_are_of_people() -> None:
    spots = detector_called("contrast")(a_frame((100, 150)), None)
    assert [label_of(spot) for spot in spots] == ["Person"]
    assert overlap(spots[0].box, (145, 91, 11, 18)) > 0.5


def test_a_higher_least_score_lets_less_through() -> None:
    frame = a_frame((100, 150))
    best = detector_called("contrast")(frame, None)[0].score
    assert detector_called("contrast", 1.1 * best)(frame, None) == []


def test_without_a_name_both_look_where_the_learned_ones_model_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = tmp_path / "people.onnx"
    monkeypatch.setattr(learned, "MODEL", model)
    assert isinstance(detector_called(), ContrastDetector)
    with pytest.raises(SettingsError, match="not installed"):
        detector_called("learned")
    model.write_bytes(b"")
    both = detector_called()
    assert isinstance(both, BothDetectors)
    assert isinstance(both.first, LearnedDetector)


def first_of(*answers: tuple[Spot, float, bool]) -> Callable[[ThermalFrame, float | None], list[Spot]]:
    """A detector that gives these spots as people, each with a score and whether it is proposed."""
    spots = [replace(spot, score=score, proposed=so, label="Person") for spot, score, so in answers]
    return lambda frame, gsd_m: spots


def test_both_weigh_a_box_by_how_much_it_stands_out_and_add_what_stands_out_alone() -> None:
    frame = a_frame((60, 80), (180, 240))
    upper, lower = sorted(ContrastDetector()(frame, None), key=lambda spot: spot.row)
    calm = replace(upper, row=60.0, col=240.0, box=(234, 51, 11, 18))
    first = first_of((upper, 0.5, True), (calm, 0.5, True))
    found = BothDetectors(first, ContrastDetector())(frame, None)
    assert [round(spot.row, -1) for spot in found] == [60, 60, 180]
    assert [round(spot.col, -1) for spot in found] == [80, 240, 240]
    odds = [spot.score / (1 - spot.score) for spot in found]
    assert min(upper.score, lower.score) > FULL_CONTRAST
    assert odds == pytest.approx(
        [
            FULL_CONTRAST / EVEN_CONTRAST,
            LEAST_CONTRAST / EVEN_CONTRAST,
            0.01 / 0.99 * lower.score / FULL_CONTRAST,
        ]
    )
    assert all(spot.proposed for spot in found), "each of them proposes what it finds"
    assert f"by contrast it scores {upper.score:.1f}" in found[0].why
    assert "by contrast nothing stands out there" in found[1].why


def test_a_doubtful_box_is_proposed_where_it_stands_out_and_stays_below_the_others() -> None:
    frame = a_frame((60, 80))
    (clear,) = ContrastDetector()(frame, None)
    calm = replace(clear, row=180.0, box=(74, 171, 11, 18))
    first = first_of((clear, 0.2, False), (calm, 0.2, False))
    (found,) = BothDetectors(first, ContrastDetector())(frame, None)
    assert found.score / (1 - found.score) == pytest.approx(0.25 * DOUBTED * FULL_CONTRAST / EVEN_CONTRAST)
    listed = BothDetectors(first, ContrastDetector(), listed=True)(frame, None)
    assert [spot.proposed for spot in listed] == [True, False]
    assert BothDetectors(first, ContrastDetector(), alone=1000.0)(frame, None) == []


def test_on_ground_that_is_known_to_be_hot_standing_out_says_nothing() -> None:
    cool = replace(a_frame((60, 80)), unit="degC")
    cool = replace(cool, values=cool.values / 10)
    hot = replace(cool, values=cool.values + 20)
    for frame, times in ((cool, FULL_CONTRAST / EVEN_CONTRAST), (hot, 1.0)):
        clear = ContrastDetector()(frame, None)[0]
        assert clear.score > FULL_CONTRAST
        found = BothDetectors(first_of((clear, 0.5, True)), ContrastDetector())(frame, None)[0]
        assert found.score / (1 - found.score) == pytest.approx(times)
        assert ("hot ground" in found.why) is (frame is hot)
    counts = replace(hot, unit="counts")
    assert not on_hot_ground(counts), "what is no temperature tells of none"
    assert not on_hot_ground(replace(hot, values=np.full((8, 8), np.nan, np.float32)))


def test_one_thing_that_stands_out_is_proposed_once() -> None:
    frame = a_frame((60, 80))
    (clear,) = ContrastDetector()(frame, None)
    left, top, width, height = clear.box
    aside = replace(clear, box=(left, top + height // 3, width, height))
    assert overlap(clear.box, aside.box) > 0.3
    first = first_of((clear, 0.6, True), (aside, 0.1, False))
    (found,) = BothDetectors(first, ContrastDetector())(frame, None)
    assert found.box == clear.box


def test_what_stands_out_alone_is_proposed_from_a_score_by_contrast_on() -> None:
    frame = a_frame((60, 80))
    (clear,) = ContrastDetector()(frame, None)
    for alone, proposed in ((0.9 * clear.score, 1), (1.1 * clear.score, 0)):
        assert len(BothDetectors(first_of(), ContrastDetector(), alone)(frame, None)) == proposed


def test_what_is_another_thing_keeps_its_score_and_is_no_person_by_contrast() -> None:
    frame = a_frame((60, 80))
    (clear,) = ContrastDetector()(frame, None)
    car = replace(clear, score=0.9, label="Car", category="vehicle")
    assert BothDetectors(lambda *_: [car], ContrastDetector())(frame, None) == [car]


def test_boxes_are_listed_from_a_hundredth_on_and_what_is_proposed_stays_the_same(
    shared: Callable[[str], Path],
) -> None:
    frame = read_frame(min(shared("thermal/hituav/images").glob("*.jpg")))
    for name in ("learned", "both"):
        usual, listed = detector_called(name)(frame, None), detector_called(name, listed=True)(frame, None)
        assert [spot for spot in listed if spot.proposed] == usual
        doubtful = [spot for spot in listed if not spot.proposed]
        assert doubtful
        assert all(0 < spot.score <= 0.25 for spot in doubtful)
    told = detector_called("learned", 0.4, listed=True)(frame, None)
    assert all(spot.proposed and spot.score > 0.4 for spot in told)


def test_a_detector_tells_what_it_is() -> None:
    both = detector_called("both").told()  # type: ignore[attr-defined]
    assert both["name"] == "both"
    assert both["first"] == {
        "name": "learned",
        "least_score": 0.25,
        "network_sha256": hashlib.sha256(learned.MODEL.read_bytes()).hexdigest(),
    }
    assert both["second"]["least_score"] == 2.5
