"""A click on a target goes to its true centre; one on anything else stays where it is."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.control.centring import AT_THE_EDGE, NO_TARGET, TOO_FAR, TWO_ALIKE, Centre, Refused, centre_near
from tests.imaging.targets import KINDS, MIDDLE_PX, SIDE_PX, Kind, asphalt, line_end, taken, target

CLICK_PX = 0.5
WITHIN_95 = 2.4477


@pytest.mark.parametrize("kind", KINDS)
def test_the_centre_of_a_target_is_found_to_a_tenth_of_a_pixel_and_its_sigma_tells_how_well(
    kind: Kind,
) -> None:
    random = np.random.default_rng([KINDS.index(kind), 8])
    off_px, sigma_px = [], []
    tried = 16
    for size_px in np.linspace(14, 40, tried):
        seen = target(kind, float(size_px), random)
        click = seen.centre_px + random.normal(0, CLICK_PX, 2)
        found = centre_near(seen.picture, *click.tolist(), CLICK_PX)
        if isinstance(found, Centre):
            off_px.append(np.array([found.x_px, found.y_px]) - seen.centre_px)
            sigma_px.append(found.sigma_px)
    assert len(off_px) >= 0.8 * tried
    lengths_px = np.hypot(*np.array(off_px).T)
    assert np.median(lengths_px) < 0.1
    assert np.max(lengths_px) < 0.5 * CLICK_PX * WITHIN_95
    assert np.max(sigma_px) < CLICK_PX / 2
    share = np.array(off_px) / np.array(sigma_px)[:, None]
    assert np.sqrt(np.mean(share**2)) < 1.6


def test_what_is_no_target_is_refused() -> None:
    random = np.random.default_rng(3)
    for _ in range(25):
        ground = taken(asphalt(random, contrast=float(random.uniform(4, 30))), random)
        click = MIDDLE_PX + random.uniform(-5, 5, 2)
        assert centre_near(ground, *click.tolist(), 1.0) == Refused(NO_TARGET)


def test_the_end_of_a_bar_that_is_no_target_is_refused() -> None:
    random = np.random.default_rng(4)
    for width_px in np.linspace(1.5, 9, 30):
        end = line_end(random, float(width_px))
        click = end.centre_px + random.normal(0, CLICK_PX, 2)
        assert isinstance(centre_near(end.picture, *click.tolist(), CLICK_PX), Refused)


def test_a_target_beyond_what_the_click_may_be_off_is_not_taken() -> None:
    seen = target("quarters", 16, np.random.default_rng(5))
    x_px, y_px = seen.centre_px[0] + 2.0, seen.centre_px[1]
    assert centre_near(seen.picture, x_px, y_px, 0.3) == Refused(TOO_FAR)
    assert isinstance(centre_near(seen.picture, x_px, y_px, 1.0), Centre)


def test_on_a_pattern_that_repeats_itself_no_centre_is_chosen() -> None:
    random = np.random.default_rng(6)
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX] // 5
    board = np.repeat(np.where((x + y) % 2, 220.0, 30.0)[..., None], 3, axis=2)
    assert centre_near(taken(board, random), MIDDLE_PX, MIDDLE_PX + 1, 1.0) == Refused(TWO_ALIKE)


def test_a_target_at_the_edge_of_the_photo_is_told_as_that() -> None:
    seen = target("disc", 16, np.random.default_rng(7))
    for x_px, y_px in ((1.0, 50.0), (50.0, SIDE_PX - 1.0), (0.0, 0.0)):
        assert centre_near(seen.picture, x_px, y_px, 0.5) == Refused(AT_THE_EDGE)


def test_a_grey_picture_and_one_without_any_contrast_are_taken_too() -> None:
    seen = target("ring", 20, np.random.default_rng(9))
    grey = np.asarray(seen.picture.mean(axis=2), np.uint8)
    found = centre_near(grey, *seen.centre_px.tolist(), 0.5)
    assert isinstance(found, Centre)
    assert np.hypot(found.x_px - seen.centre_px[0], found.y_px - seen.centre_px[1]) < 0.2
    assert centre_near(np.full_like(grey, 255), MIDDLE_PX, MIDDLE_PX, 0.5) == Refused(NO_TARGET)
