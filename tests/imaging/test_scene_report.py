"""What the report says of how sure poses and lenses are; `test_mosaic.py` asks that of a whole scene."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from imaging.adjustment import Adjusted, adjust, indices
from imaging.adjustment.symmetric import Symmetric
from imaging.uncertainty import LENS_PARAMETERS, lens_sigmas, pose_sigmas
from tests.imaging.networks import DOWN, block


@pytest.fixture(scope="module")
def settled() -> Adjusted:
    """An adjustment of twelve views."""
    return adjust(block(1, points=60)[0])


def with_turns(settled: Adjusted, rotation: np.ndarray, turns_deg: tuple[float, float, float]) -> Adjusted:
    """The same, its first view turned so, and so sure about the camera's own axes right, down, ahead."""
    rotations = settled.state.rotations.copy()
    rotations[0] = rotation
    covariance = settled.covariance.copy()
    places = settled.layout.view(indices([0]))[0][:6]
    covariance[np.ix_(places, places)] = np.diag(np.square([*np.radians(turns_deg), 0.1, 0.2, 0.3]))
    return replace(
        settled,
        state=replace(settled.state, rotations=rotations),
        made_spread=lambda: Symmetric.of(covariance),
    )


@pytest.mark.parametrize("yaw_deg", [0.0, 37.0, 180.0])
def test_a_camera_that_looks_down_pitches_about_its_right_rolls_about_its_top_and_yaws_about_its_axis(
    settled, yaw_deg
) -> None:
    rotation = DOWN @ Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix()
    sigma = pose_sigmas(with_turns(settled, rotation, (1.0, 2.0, 3.0)))[settled.views[0].name]
    assert (sigma.pitch_deg, sigma.roll_deg, sigma.yaw_deg) == pytest.approx((1.0, 2.0, 3.0))
    assert (sigma.east_m, sigma.north_m, sigma.up_m) == pytest.approx((0.1, 0.2, 0.3))


def test_a_camera_that_looks_to_the_horizon_yaws_about_what_is_down_in_its_picture(settled) -> None:
    ahead = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    sigma = pose_sigmas(with_turns(settled, ahead, (1.0, 2.0, 3.0)))[settled.views[0].name]
    assert (sigma.pitch_deg, sigma.yaw_deg, sigma.roll_deg) == pytest.approx((1.0, 2.0, 3.0))


def test_the_turns_about_level_axes_hold_all_of_the_uncertainty_at_any_pitch(settled) -> None:
    random = np.random.default_rng(3)
    for rotation in Rotation.random(20, random_state=random).as_matrix():
        sigma = pose_sigmas(with_turns(settled, rotation, (1.0, 2.0, 3.0)))[settled.views[0].name]
        total = sigma.roll_deg**2 + sigma.pitch_deg**2 + sigma.yaw_deg**2
        assert total == pytest.approx(1.0 + 4.0 + 9.0)


def test_a_lens_is_as_sure_as_the_covariance_says(settled) -> None:
    ((name, sigma),) = lens_sigmas(settled).items()
    places = settled.layout.lens(indices([0]))[0]
    assert name == settled.views[0].lens
    assert list(sigma) == list(LENS_PARAMETERS)
    assert list(sigma.values()) == pytest.approx(np.sqrt(np.diag(settled.covariance)[places]).tolist())
    assert 0 < sigma["focal_px"] <= 1.01 * 0.02 * 1215.0
