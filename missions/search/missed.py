"""The chance that a person in a cell was missed by all looks at it together.

Forty frames of one pass are not forty chances. Four things are shared between looks, each in its own way:

- the person, by all looks (`Detection.person_sigma`): averaged over at the very end;
- chance, by looks soon after one another and from much the same side: a look adds the share 1 - r of itself,
  with r = exp(-seconds / independent_after_s - angle / independent_after_deg) to the look before it (a first
  order Gauss-Markov process), and beyond that only what it is better than the best of its pass;
- the gap between leaves, by all looks through the same part of the sky, `gap_deg` wide, at any time;
- the word of whoever looks at the finds, by all looks of one flight (`SORTIE_S`): he sees all frames of a
  find together, and confirms `at_best` of them. What a later flight adds is asked of him anew.

A gap opens a line of sight with the chance (1 - cover)^(1 / cos off-nadir): the gap fraction of leaves that
are strewn at random in a crown layer (Nilson, Agricultural Meteorology 8, 1971). `gap_lasting` of the people
below leaves are hidden from everywhere, since crowns are no strewn leaves.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from missions.errors import InputError, SettingsError
from missions.search.detection import Detection, conspicuousness
from missions.search.grid import Cells
from missions.search.ground_heat import MEASURED
from missions.search.looks import Looks
from missions.search.many_looks import missed_by

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
STEEPEST_DEG = 85.0
SORTIE_S = 300.0
"""Looks at a place that are further apart are of another flight, whose finds are looked at anew."""
_MOST_SORTIES = 20
_NEW_PASS = 0.05
"""A look that shares less than this with the look before it begins a new pass."""
_CHUNK = 150_000


def missed_cells(looks: Looks, figures: Mapping[str, Detection], cover: float | Cells = 0.0) -> Cells:
    """(rows, columns) the chance that somebody in a cell was missed; 1 where nothing was looked at.

    `figures` by the frames' kinds, `cover` the share of each cell that leaves hide from straight above.
    Raises InputError where a frame is of no kind in `figures`, SettingsError where a cover is no share.
    """
    grid = looks.grid
    places, missed = missed_places(looks, figures, _cover_of(looks, cover))
    wide = grid.columns * looks.per_side
    cell = (places // wide // looks.per_side) * grid.columns + places % wide // looks.per_side
    found = np.bincount(cell, weights=1 - missed, minlength=grid.rows * grid.columns)
    chance: Cells = 1 - found.reshape(grid.shape) / looks.per_side**2
    return np.asarray(np.clip(chance, 0.0, 1.0), float)


def missed_places(
    looks: Looks, figures: Mapping[str, Detection], cover: Floats
) -> tuple[npt.NDArray[np.int64], Floats]:
    """The places that were looked at, rising, and the chance that somebody there was missed.

    `cover` has one value a look. Raises InputError where a frame is of no kind in `figures`.
    """
    weights = conspicuousness()[1]
    # averaged part by part: all nodes of all places would not fit into memory
    parts = [part @ weights for part in _parts(looks, figures, cover)]
    return np.unique(looks.place), np.concatenate([np.zeros(0), *parts])


def missed_by_person(
    looks: Looks, figures: Mapping[str, Detection], cover: Floats
) -> tuple[npt.NDArray[np.int64], Floats]:
    """As `missed_places`, (places, nodes) by how conspicuous he is: at the nodes of `conspicuousness`."""
    none = np.zeros((0, len(conspicuousness()[0])))
    return np.unique(looks.place), np.concatenate([none, *_parts(looks, figures, cover)])


def _parts(looks: Looks, figures: Mapping[str, Detection], cover: Floats) -> Iterator[Floats]:
    """(places, nodes) of some places after the others."""
    if len(looks):
        known, kind = _figures_of(looks, figures)
        for bound in _chunks(looks.place):
            yield _missed(looks, known, kind, cover, slice(*bound))


def _cover_of(looks: Looks, cover: float | Cells) -> Floats:
    shares = np.broadcast_to(np.asarray(cover, float), looks.grid.shape)
    if not (np.isfinite(shares).all() and shares.min() >= 0 and shares.max() <= 1):
        raise SettingsError("a cover of leaves is no share", remedy="Give 0 (open) to 1 (closed)")
    return np.asarray(shares.ravel()[looks.cell], float)


def _figures_of(looks: Looks, figures: Mapping[str, Detection]) -> tuple[list[Detection], Places]:
    """The kinds of looking that there are, and which of them each look is of (n,)."""
    kinds = sorted({frame.kind for frame in looks.frames})
    if unknown := [kind for kind in kinds if kind not in figures]:
        raise InputError(
            f"nothing is known of looks of the kind {unknown[0]!r}",
            remedy=f"Known: {', '.join(sorted(figures))}; give the file that has it",
        )
    number = {kind: index for index, kind in enumerate(kinds)}
    of_frame = np.array([number[frame.kind] for frame in looks.frames], np.int64)
    kind_of_look = of_frame[looks.frame]
    blind = np.isnan(looks.spread_k) | np.isnan(looks.above_k)
    for kind, index in number.items():
        if figures[kind].contrast_weight > 0 and blind[kind_of_look == index].any():
            raise InputError(
                f"frames of the kind {kind!r} tell nothing of the ground's heat",
                remedy=f"Name a kind without {MEASURED}",
            )
    return [figures[kind] for kind in kinds], kind_of_look


def _chunks(place: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Rows from and to, so that no place is divided."""
    begins = np.flatnonzero(np.diff(place, prepend=place[0] - 1))
    bounds = [0]
    for begin in [*begins[1:], len(place)]:
        if begin - bounds[-1] >= _CHUNK or begin == len(place):
            bounds.append(int(begin))
    return list(itertools.pairwise(bounds))


def _missed(looks: Looks, known: Sequence[Detection], kind: Places, cover: Floats, rows: slice) -> Floats:
    place, time_s = looks.place[rows], looks.time_s[rows]
    off_nadir = np.radians(np.minimum(looks.off_nadir_deg[rows], STEEPEST_DEG))
    azimuth = np.radians(looks.azimuth_deg[rows])

    def column(key: str) -> Floats:
        return np.asarray(np.array([getattr(each, key) for each in known], float)[kind[rows]])

    nodes, _ = conspicuousness()
    chance: Floats = np.empty((len(place), len(nodes)))
    for index, each in enumerate(known):
        own = kind[rows] == index
        taken = (looks.pixels, looks.slide_px_s, looks.spread_k, looks.above_k)
        pixels, slide, spread, above = (values[rows][own] for values in taken)
        chance[own] = each.chances(pixels, slide, spread, above, nodes)
    first = np.diff(place, prepend=place[0] - 1) != 0
    after = column("independent_after_s"), column("independent_after_deg")
    open_sky = (1 - cover[rows]) ** (column("gap_power") / np.cos(off_nadir))
    hidden = cover[rows] * column("gap_lasting")
    # without leaves no part of the sky is another, and one is reckoned quicker
    in_the_open = (open_sky == 1) & (hidden == 0)
    return np.asarray(
        missed_by(
            np.flatnonzero(first),
            chance,
            _shared(first, time_s, off_nadir, azimuth, *after),
            _NEW_PASS,
            np.where(in_the_open, 0, _sky(off_nadir, azimuth, column("gap_deg"))),
            open_sky,
            hidden,
            _sorties(first, time_s),
            column("at_best"),
        )
    )


def _sorties(first: npt.NDArray[np.bool_], time_s: Floats) -> Places:
    """(n,) which flight over its place a look belongs to, counted from 0 at each place."""
    begun = ~first & (np.diff(time_s, prepend=time_s[0]) > SORTIE_S)
    count = np.cumsum(begun)
    at_place: Places = count - np.maximum.accumulate(np.where(first, count, 0))
    return np.asarray(np.minimum(at_place, _MOST_SORTIES - 1), np.int64)


def _shared(
    first: npt.NDArray[np.bool_],
    time_s: Floats,
    off_nadir: Floats,
    azimuth: Floats,
    after_s: Floats,
    after_deg: Floats,
) -> Floats:
    """(n,) what of a look's chance is that of the look before it at the same place; 0 for the first."""
    side = np.column_stack(
        [np.sin(off_nadir) * np.sin(azimuth), np.sin(off_nadir) * np.cos(azimuth), np.cos(off_nadir)]
    )
    angle = np.zeros(len(side))
    angle[1:] = np.degrees(np.arccos(np.clip((side[1:] * side[:-1]).sum(axis=1), -1, 1)))
    apart = np.exp(-np.abs(np.diff(time_s, prepend=time_s[0])) / after_s - angle / after_deg)
    return np.asarray(np.where(first, 0.0, apart))


def _sky(off_nadir: Floats, azimuth: Floats, gap_deg: Floats) -> npt.NDArray[np.int64]:
    """(n,) the part of the sky that a look comes from: a cap above, then rings of sectors."""
    width = np.radians(gap_deg)
    ring = np.rint(off_nadir / width).astype(np.int64)
    sectors = np.maximum(np.rint(2 * np.pi * np.sin(np.minimum(ring * width, np.pi / 2)) / width), 1)
    sector = np.floor((azimuth % (2 * np.pi)) / (2 * np.pi) * sectors) % sectors
    return np.asarray(ring * 1000 + np.where(ring == 0, 0, sector).astype(np.int64))
