"""Which detector looks, and what its boxes are called."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from imaging.thermal import learned
from imaging.thermal.detector import BothDetectors, ContrastDetector, detector_called, label_of
from imaging.thermal.frame import Exposure, ThermalFrame
from imaging.thermal.hotspots import overlap
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


def test_both_add_what_the_first_left_out_below_everything_that_it_found() -> None:
    frame = a_frame((60, 80), (180, 240))
    by_contrast = ContrastDetector()
    upper = [spot for spot in by_contrast(frame, None) if spot.row < 128]

    def first(_: ThermalFrame, __: float | None) -> list[Spot]:
        return list(upper)

    found = BothDetectors(first, by_contrast, 0.25)(frame, None)
    assert found[: len(upper)] == upper
    assert [round(spot.row, -1) for spot in found[len(upper) :]] == [180]
    assert 0 < found[-1].score < 0.25


def test_boxes_are_listed_from_a_hundredth_on_and_what_is_proposed_stays_the_same(
    shared: Callable[[str], Path],
) -> None:
    frame = read_frame(min(shared("thermal/hituav/images").glob("*.jpg")))
    for name in ("learned", "both"):
        usual, listed = detector_called(name)(frame, None), detector_called(name, listed=True)(frame, None)
        assert [spot for spot in listed if spot.proposed] == usual
        doubtful = [spot for spot in listed if not spot.proposed]
        assert doubtful
        assert all(0.01 < spot.score <= 0.25 for spot in doubtful)
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
