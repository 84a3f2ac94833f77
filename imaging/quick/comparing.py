"""Features of all photos and the links between them, on every core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from imaging.adjustment.network import Indices, indices
from imaging.array_file import ArrayFile
from imaging.lens import Array
from imaging.pairs import overlapping_pairs
from imaging.photos import Photo
from imaging.pictures import Pictures
from imaging.progress import Progress
from imaging.quick.features import Features, KeptFeatures, Search, find_features
from imaging.quick.guesses import Guess, shared
from imaging.quick.links import Link, check
from imaging.quick.matching import match
from imaging.quick.rotations import LOOKS_DOWN
from imaging.threads import in_order, one_core_each

NEIGHBOURS = 9
CANDIDATES = 12
STRONGEST = 400
LEAST_LINKS = 2
TOLERANCE_PX = 2.0
"""How far off its line a match may lie, in pixels of the picture as it was searched."""
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Compared:
    """Features a photo, in the photos' order, the pairs that were compared, and the links between photos."""

    features: list[Features]
    links: list[Link]
    pairs: Sequence[tuple[int, int]] = ()


def compare(
    photos: dict[str, Photo],
    known: list[Guess],
    pictures: Pictures,
    search: Search,
    progress: Progress,
    *,
    before: Mapping[str, Features] | None = None,
    threads: int | None = None,
    file: ArrayFile | None = None,
) -> Compared:
    """Search every photo for features, and compare those photos that can overlap.

    `before` has features by the SHA-256 of photos that were searched like this already. They are kept in
    `file` where there is one, so that they take no memory; else in memory.
    """
    threads = threads or os.cpu_count() or 1

    def features_of(photo: Photo) -> Features:
        found = (before or {}).get(photo.sha256)
        if found is not None:
            return found
        return find_features(pictures.picture(photo), pictures.reduce(photo), search)

    with one_core_each():
        progress.stage("alignment: tie points", len(photos))
        searched = in_order(features_of, photos.values(), threads)
        features = [
            found if file is None else KeptFeatures.of(found, file) for found in _told(searched, progress)
        ]
    pairs = _pairs(photos, known, features)
    first = [each.strongest(search.first) for each in features]
    links = link(photos, known, first, search, progress, threads=threads, pairs=pairs, file=file)
    return Compared(features, links, pairs)


def link(
    photos: dict[str, Photo],
    known: list[Guess],
    features: list[Features],
    search: Search,
    progress: Progress,
    *,
    threads: int,
    pairs: list[tuple[int, int]] | None = None,
    file: ArrayFile | None = None,
) -> list[Link]:
    """The links of these pairs, else between photos that can overlap; `file` as of `compare`."""
    pairs = _pairs(photos, known, features) if pairs is None else pairs
    comparer = _Comparer(known, features, _searched_share(known, search), file)
    progress.stage("alignment: matches", len(pairs))
    with one_core_each():
        links = [each for each in _told(in_order(comparer.guided, pairs, threads), progress) if each]
        # Where a photo fits none of those it should, its own pose may be what is wrong.
        again = _unsettled(pairs, links, known)
        return [*links, *(each for each in in_order(comparer.unguided, again, threads) if each)]


class _Comparer:
    """Compares two photos by number."""

    def __init__(
        self, known: list[Guess], features: list[Features], tolerance_px: list[float], file: ArrayFile | None
    ) -> None:
        self._known, self._features, self._tolerance_px, self._file = known, features, tolerance_px, file
        self._rays: list[Callable[[], Array]] = []
        self._ground: list[Callable[[], Array]] = []
        for guess, each in zip(known, features, strict=True):
            rays = guess.lens.rays(each.pixels)
            self._rays.append(self._kept(rays))
            self._ground.append(self._kept(guess.ground(rays)) if guess.foretold else self._rays[-1])

    def _kept(self, array: Array) -> Callable[[], Array]:
        """What gives the array again."""
        if self._file is None:
            return lambda: array
        return partial(self._file.read, self._file.put(array))

    def guided(self, pair: tuple[int, int]) -> Link | None:
        """The link of a pair, only what both can show compared."""
        first, second = pair
        known, ground = self._known, self._ground
        near = shared(known[first], known[second], ground[first](), ground[second]())
        return self._linked(pair, *near)

    def unguided(self, pair: tuple[int, int]) -> Link | None:
        """The link of a pair, everything compared."""
        first, second = (indices(range(len(self._features[number]))) for number in pair)
        return self._linked(pair, first, second)

    def _linked(self, pair: tuple[int, int], near_first: Indices, near_second: Indices) -> Link | None:
        first, second = pair
        found = match(self._features[first], self._features[second], near_first, near_second)
        return check(
            pair,
            found,
            (self._rays[first]()[found[:, 0]], self._rays[second]()[found[:, 1]]),
            (self._known[first].lens, self._known[second].lens),
            TOLERANCE_PX * max(self._tolerance_px[first], self._tolerance_px[second]),
            (self._vertical(first), self._vertical(second)),
        )

    def _vertical(self, number: int) -> Array:
        """A camera from local that tells where the vertical is: as told, else straight down."""
        told = self._known[number].rotation
        return LOOKS_DOWN if told is None else told


def _searched_share(known: list[Guess], search: Search) -> list[float]:
    """Pixels of each full picture in a pixel of the picture that was searched."""
    return [max(1.0, max(each.lens.width_px, each.lens.height_px) / search.longest_px) for each in known]


def _pairs(photos: dict[str, Photo], known: list[Guess], features: list[Features]) -> list[tuple[int, int]]:
    """Pairs of numbers: neighbours by place, and for a photo without one those that it is most like."""
    number = {name: index for index, name in enumerate(photos)}
    placed = {name: photo for name, photo in photos.items() if photo.place is not None}
    pairs = {(number[a], number[b]) for a, b in overlapping_pairs(placed, neighbours=NEIGHBOURS)}
    for lost in (index for index, guess in enumerate(known) if guess.centre is None):
        others = [index for index in range(len(known)) if index != lost and len(features[index])]
        likeness = [_likeness(features[lost], features[other]) for other in others]
        most = [others[place] for place in np.argsort(likeness)[::-1][:CANDIDATES]]
        pairs |= {(min(lost, other), max(lost, other)) for other in most}
    return sorted(pairs)


def _likeness(first: Features, second: Features) -> int:
    """How many of the strongest features match."""
    return len(
        match(first, second, np.arange(min(STRONGEST, len(first))), np.arange(min(STRONGEST, len(second))))
    )


def _unsettled(pairs: list[tuple[int, int]], links: list[Link], known: list[Guess]) -> list[tuple[int, int]]:
    """Pairs that were compared by their poses and did not link, of photos with next to no link."""
    linked = {(link.first, link.second) for link in links}
    count = np.bincount([number for pair in linked for number in pair], minlength=len(known))
    return [
        pair
        for pair in pairs
        if pair not in linked
        and min(count[list(pair)]) < LEAST_LINKS
        and all(known[number].foretold for number in pair)
    ]


def _told(made: Iterable[Made], progress: Progress) -> Iterator[Made]:
    for each in made:
        progress.advance()
        yield each
