import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from imaging.similarity import Pairs, Similarity, fit_robustly

NONE = np.zeros((0, 3))


def random_similarity(random):
    return Similarity(
        float(random.uniform(0.1, 20)),
        Rotation.random(random_state=random).as_matrix(),
        random.normal(0, 100, 3),
    )


@pytest.mark.parametrize("seed", range(8))
def test_a_similarity_is_found_again_among_outliers(seed):
    random = np.random.default_rng(seed)
    true = random_similarity(random)
    local = random.uniform(-60, 60, (20, 3)) * [1, 1, 0.1]
    model = (local - true.shift) @ true.rotation / true.scale
    seen = local + random.normal(0, 0.2, local.shape)
    seen[:5] += random.normal(0, 80, (5, 3))
    fit = fit_robustly(Pairs(model, seen, NONE, NONE))
    assert not fit.inliers[:5][np.linalg.norm(seen[:5] - local[:5], axis=1) > 6].any()
    assert fit.similarity.scale == pytest.approx(true.scale, rel=0.01)
    assert np.abs(fit.similarity.local_from_model(model) - local).max() < 0.6


@pytest.mark.parametrize("seed", range(4))
def test_directions_settle_the_roll_of_a_single_strip(seed):
    random = np.random.default_rng(seed)
    true = random_similarity(random)
    local = np.column_stack([np.linspace(-40, 40, 10), np.zeros(10), np.full(10, 40.0)])
    model = (local - true.shift) @ true.rotation / true.scale
    down = np.tile([0.0, 0.0, -1.0], (10, 1))
    seen = local + random.normal(0, 0.3, local.shape)
    fit = fit_robustly(Pairs(model, seen, down @ true.rotation, down))
    ground = np.array([[0.0, 0.0, 0.0], [0.0, 25.0, 0.0]])
    placed = fit.similarity.local_from_model((ground - true.shift) @ true.rotation / true.scale)
    assert np.abs(placed - ground).max() < 2.0


def test_a_similarity_is_not_mirrored_when_positions_are_level():
    random = np.random.default_rng(3)
    local = random.uniform(-50, 50, (12, 3)) * [1, 1, 0]
    fit = fit_robustly(Pairs(local * [1, 1, -1], local, NONE, NONE))
    assert np.linalg.det(fit.similarity.rotation) == pytest.approx(1)
