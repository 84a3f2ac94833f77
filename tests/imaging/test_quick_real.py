"""The real flight of tests/imaging/test_brighton.py, aligned the fast way: half of it is wood."""

import time

import numpy as np

from imaging.options import MosaicOptions
from imaging.pairs import frame_of, positions_m
from imaging.quick.align import align_quickly, pictures_of
from imaging.scene import open_scene
from imaging.survey import survey

MOST_CPU_S = 12.0
"""Twice and more what it takes, so that only a real loss of speed shows."""


def test_a_real_flight_is_aligned_in_seconds_and_lies_where_its_positions_say(shared, tmp_path, heard):
    options = MosaicOptions(quick=True, threads=1)
    begun_s = time.process_time()
    scene, pictures = open_scene(tmp_path), pictures_of(options)
    found = survey(shared("photos/brighton_beach"), scene, heard, pictures=pictures, unplaced=True)
    alignment = align_quickly(found, scene, options, heard, pictures=pictures)
    assert time.process_time() - begun_s < MOST_CPU_S
    assert len(alignment.views) == 18
    assert alignment.left_out == ()
    assert np.mean(alignment.observation_px) < 1.0
    assert min(view.points for view in alignment.views) > 60
    gps, _ = positions_m(found.photos, frame_of(found.photos))
    apart_m = gps - np.array([view.centre for view in alignment.views])
    assert np.sqrt((apart_m[:, :2] ** 2).sum(axis=1).mean()) < 0.7
    assert np.sqrt((apart_m[:, 2] ** 2).mean()) < 0.4
