"""Gains and falloff come back from ratios that are exact, however many there are."""

import numpy as np
import pytest

from imaging.brightness_solving import AT_ONCE, Ratios, settle
from imaging.lens import View


def test_gains_and_falloff_come_back_from_exact_ratios_of_more_than_are_summed_at_once():
    random = np.random.default_rng(3)
    photos, count = 6, 2 * AT_ONCE + 100
    turns = random.uniform(0, 2 * np.pi, photos)
    rotations = [
        np.array([[np.cos(a), np.sin(a), 0], [np.sin(a), -np.cos(a), 0], [0, 0, -1.0]]) for a in turns
    ]
    views = [View(f"{n}", "one", each, np.zeros(3), 0, 0.0) for n, each in enumerate(rotations)]
    gains = random.normal(0, 0.1, (photos, 3))
    gains -= gains.mean(axis=0)
    lens, sun = np.array([0.03, -0.02, 0.2, -0.1]), np.array([0.1, -0.05])
    falloff = lens + np.array([[*(each[:2, :2] @ sun), 0, 0] for each in rotations])
    first, second = random.integers(0, photos, (2, count))
    second = np.where(first == second, (second + 1) % photos, second)
    x, y = random.uniform(-0.6, 0.6, (2, 2, count))
    square = x * x + y * y
    terms = np.stack([x, y, square, square**2], axis=-1)
    # Of a place that both show alike: what one adds to the log is what the other lacks.
    first_log, second_log = (
        gains[photo] + (part * falloff[photo]).sum(axis=1)[:, None]
        for photo, part in zip((first, second), terms, strict=True)
    )
    ratio = first_log - second_log
    wrong = random.uniform(0, 1, count) < 0.05
    ratio[wrong] += 3.0
    ratios = Ratios(
        first.astype(np.int32), second.astype(np.int32), ratio.astype(np.float32),
        np.full((count, 3), 1e-3, np.float32), *terms.astype(np.float32),
    )  # fmt: skip
    found_gains, found_falloff = settle(ratios, views, gains.mean(axis=1))
    assert found_gains - found_gains.mean(axis=0) == pytest.approx(gains, abs=2e-3)
    assert found_falloff == pytest.approx(falloff, abs=5e-3)
