"""What an alignment keeps in files is what it was in memory; tracks are the connected parts of matches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from imaging.array_file import ArrayFile
from imaging.photos import Photo
from imaging.progress import silent
from imaging.quick.comparing import link
from imaging.quick.features import Features, KeptFeatures, Search
from imaging.quick.guesses import guesses
from imaging.quick.remembered import remember, remembered
from imaging.quick.tracks import join
from imaging.scene import open_scene
from tests.imaging.flights import SEARCH, flown

COUNTS = (400, 0, 7, 1500)


@pytest.fixture
def features() -> list[Features]:
    rng = np.random.default_rng(8)
    return [
        Features(rng.uniform(0, 4000, (count, 2)), rng.integers(0, 256, (count, 128), np.uint8))
        for count in COUNTS
    ]


def alike(one: Features, other: Features) -> bool:
    return np.array_equal(one.pixels, other.pixels) and np.array_equal(one.descriptors, other.descriptors)


def test_features_in_a_file_are_what_they_were(tmp_path, features) -> None:
    with ArrayFile(tmp_path) as file:
        kept = [KeptFeatures.of(each, file) for each in features]
        assert [len(each) for each in kept] == list(COUNTS)
        assert all(map(alike, kept, features))
        some = [each.strongest(300) for each in kept]
        assert [len(each) for each in some] == [300, 0, 7, 300]
        assert all(map(alike, some, (each.strongest(300) for each in features)))
    assert not list(tmp_path.iterdir()), "the file has no name"


def test_features_are_remembered_photo_by_photo(tmp_path, features) -> None:
    scene, search = open_scene(tmp_path / "scene"), Search()
    photos = {str(n): Photo(Path(f"{n}.jpg"), 4000, 3000, f"{n:064d}") for n in range(len(features))}
    assert not remembered(scene, search)
    remember(scene, search, photos, features)
    found = remembered(scene, search)
    assert list(found) == [photo.sha256 for photo in photos.values()]
    assert all(map(alike, found.values(), features))
    assert found.get("another") is None
    assert not remembered(scene, Search(longest_px=900)), "they were searched otherwise"


def test_links_are_the_same_where_features_lie_in_a_file(tmp_path) -> None:
    flight = flown(2, 3)
    known = guesses(flight.photos)
    in_memory = link(flight.photos, known, flight.features, SEARCH, silent, threads=2)
    with ArrayFile(tmp_path) as file:
        kept = [KeptFeatures.of(each, file) for each in flight.features]
        in_file = link(flight.photos, known, kept, SEARCH, silent, threads=2, file=file)
    assert len(in_memory) > 5
    for one, other in zip(in_memory, in_file, strict=True):
        assert (one.first, one.second) == (other.first, other.second)
        assert np.array_equal(one.features, other.features)
        assert np.array_equal(one.rotation, other.rotation)


def test_tracks_are_the_connected_parts_of_the_matches(features) -> None:
    rng = np.random.default_rng(9)
    starts = np.concatenate([[0], np.cumsum(COUNTS)])
    links = []
    for first, second in ((0, 2), (2, 3), (0, 3), (0, 3)):
        few = min(COUNTS[first], COUNTS[second], 150)
        pairs = [rng.permutation(COUNTS[number])[:few] for number in (first, second)]
        links.append((first, second, np.column_stack(pairs)))
    edges = np.concatenate([pairs + starts[[first, second]] for first, second, pairs in links])
    graph = coo_array((np.ones(len(edges)), tuple(edges.T)), shape=(starts[-1], starts[-1]))
    part = connected_components(graph, directed=False)[1]
    view = np.repeat(np.arange(len(COUNTS)), COUNTS)
    wanted = set()
    for number in np.unique(part[edges]):
        members = np.flatnonzero(part == number)
        if len(set(view[members])) == len(members):
            wanted.add(
                tuple(
                    (view[each], *features[view[each]].pixels[each - starts[view[each]]]) for each in members
                )
            )
    ties = join(features, iter(links))
    found: dict[int, list[tuple[float, ...]]] = {}
    for seen, point, px in zip(ties.view, ties.point, ties.px, strict=True):
        found.setdefault(int(point), []).append((seen, *px))
    assert sorted(found) == list(range(len(wanted)))
    assert len(wanted) < len(np.unique(part[edges])), "some see a picture twice"
    assert {tuple(track) for track in found.values()} == wanted
