"""A search as it goes on: a map, the looks so far, and what every new frame leaves of the chance.

The same for logs and live: frames come in any number at a time and in any order, and each counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from missions.search.bookkeeping import Score, kept_share, score_of
from missions.search.detection import Detection
from missions.search.grid import Cells
from missions.search.hypotheses import Mixture
from missions.search.looks import Looks, Viewpoint, looks_of
from missions.search.missed import missed_cells
from missions.search.seen_ground import SeenGround


class Searching:
    """Holds a mixture, the looks that it knows already, and the figures by which they count.

    `cover` is the share that leaves hide, a number or one a cell. Raises SettingsError where the looks are of
    another grid.
    """

    def __init__(
        self,
        mixture: Mixture,
        figures: Mapping[str, Detection],
        ground: SeenGround,
        *,
        looks: Looks | None = None,
        cover: float | Cells = 0.0,
        cumulative_pos: float = 0.0,
        per_side: int = 2,
    ) -> None:
        grid = mixture.grid
        self.mixture = mixture
        self.looks = (
            Looks.none(grid, per_side).joined(looks) if looks is not None else Looks.none(grid, per_side)
        )
        self.cumulative_pos = cumulative_pos
        self._figures, self._ground = figures, ground
        self._cover = np.broadcast_to(np.asarray(cover, float), grid.shape)
        self.missed = missed_cells(self.looks, figures, self._cover)

    def see(self, views: Iterable[Viewpoint]) -> Score:
        """These frames were looked at and nobody was found: what that was worth.

        Raises InputError for a frame of a kind without figures, and then nothing has changed.
        """
        grid, side = self.mixture.grid, self.looks.per_side
        fresh = looks_of(views, grid, self._ground, per_side=side)
        joined = self.looks.joined(fresh)
        touched = np.zeros(grid.rows * grid.columns, bool)
        touched[fresh.cell] = True
        some = joined.taken(np.flatnonzero(touched[joined.cell]))
        now = missed_cells(some, self._figures, self._cover)
        missed = np.where(touched.reshape(grid.shape), np.minimum(now, self.missed), self.missed)
        kept = kept_share(missed, self.missed)
        score = score_of(self.mixture.chances, kept, self.cumulative_pos)
        self.mixture = self.mixture.searched(kept)
        self.looks, self.missed, self.cumulative_pos = joined, missed, score.cumulative_pos
        return score
