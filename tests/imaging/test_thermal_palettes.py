"""False colour read back as the order of warmth: on palettes, and on pictures whose counts are known."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.stats import spearmanr

from imaging.thermal import dji, flir
from imaging.thermal.palettes import CURVES, RED, grey_from_colours
from imaging.thermal.radiometry import read_frame

Shared = Callable[[str], Path]


def painted(name: str, warmth: np.ndarray) -> np.ndarray:
    """Warmth 0 to 1 in the colours of a palette."""
    curve = np.array(CURVES[name], float)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    shown = [np.interp(warmth * along[-1], along, curve[:, channel]) for channel in range(3)]
    return np.stack(shown, axis=-1).astype(np.uint8)


def scene(seed: int) -> np.ndarray:
    """Smooth warmth, 0 to 1."""
    rough = np.random.default_rng(seed).uniform(0, 1, (120, 160))
    smooth = cv2.GaussianBlur(rough, (0, 0), 6.0)
    return (smooth - smooth.min()) / np.ptp(smooth)


@pytest.mark.parametrize("name", CURVES)
def test_each_palette_is_recognised_through_jpeg_and_its_order_restored(name: str) -> None:
    for seed in range(3):
        warmth = scene(seed)
        jpeg = cv2.imencode(".jpg", cv2.cvtColor(painted(name, warmth), cv2.COLOR_RGB2BGR))[1]
        values, found = grey_from_colours(cv2.imdecode(jpeg, cv2.IMREAD_COLOR_RGB).astype(np.uint8))
        assert found == name
        assert spearmanr(values.ravel(), warmth.ravel()).statistic > 0.98


def test_the_hottest_in_red_stays_the_hottest_where_brightness_would_have_it_colder() -> None:
    warmth = np.full((120, 160), 0.3)
    warmth[50:60, 70:75] = 1.0
    values, found = grey_from_colours(painted(RED, warmth))
    assert found == RED
    assert values[55, 72] > values[10, 10] + 100


def test_grey_and_colours_of_no_palette_are_not_taken_for_one() -> None:
    rng = np.random.default_rng(4)
    grey = np.repeat((scene(1) * 255).astype(np.uint8)[..., None], 3, axis=2)
    assert grey_from_colours(grey)[1] == ""
    meadow = np.stack([scene(2) * 120 + 40, scene(3) * 120 + 60, scene(4) * 60 + 20], -1)
    wild = np.clip(meadow + rng.normal(0, 10, meadow.shape), 0, 255).astype(np.uint8)
    assert grey_from_colours(wild)[1] in ("", "unknown")
    assert grey_from_colours(rng.integers(0, 255, (120, 160, 3)).astype(np.uint8))[1] == "unknown"


@pytest.mark.parametrize(
    ("name", "palette", "least"),
    [("M4T", "iron", 0.95), ("M2EA", "iron", 0.98), ("DJI_H20T", "violet to yellow", 0.95)],
)
def test_a_real_picture_in_false_colour_follows_its_own_counts(
    shared: Shared, name: str, palette: str, least: float
) -> None:
    data = shared(f"thermal/rjpeg/{name}.jpg").read_bytes()
    counts = dji.counts(data, name)
    assert counts is not None
    shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB).astype(np.uint8)
    values, found = grey_from_colours(shown)
    assert found == palette
    assert spearmanr(values.ravel()[::7], counts.ravel()[::7]).statistic > least


def test_a_visible_photo_is_of_no_palette(shared: Shared) -> None:
    folder = shared("photos/brighton_beach")
    photo = cv2.imread(str(min(folder.glob("*.JPG"))), cv2.IMREAD_COLOR_RGB)
    assert grey_from_colours(cv2.resize(photo, (800, 450)).astype(np.uint8))[1] == "unknown"


def test_counts_go_before_the_colours_that_the_same_file_shows(shared: Shared) -> None:
    assert read_frame(shared("thermal/rjpeg/M2EA.jpg")).unit == "counts"
    assert flir.fff_of(shared("thermal/rjpeg/FLIR.jpg").read_bytes(), "FLIR.jpg") is not None
