"""What a search changes on the map: the chance of each cell, of the search so far, and what is left.

POA is the chance that he is somewhere, POD that he would have been noticed had he been there, POS = POA x POD
(IAMSAR Manual vol. II, ch. 4). Nobody found is evidence (Bayes): a cell keeps what the looks at it would have
missed of its chance, and what is left is shared out anew, "on none of the cells" included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from missions.errors import SettingsError
from missions.search.grid import Cells
from missions.search.probability import ProbabilityMap

_LEAST_LEFT = 1e-12


@dataclass(frozen=True, slots=True)
class Score:
    """What a pass was worth. All are chances.

    `pos` that it would have found him, as things stood before it; `cumulative_pos` that this or any pass
    before it would have, as things stood at first. `left` = 1 - `cumulative_pos`. Given that nobody was found
    he is still on the map with the chance `on_map`, and on none of its cells with `outside`. `searched_poa`
    is the chance of the cells that the pass looked at, before it.
    """

    pos: float
    cumulative_pos: float
    on_map: float
    outside: float
    searched_poa: float

    @property
    def left(self) -> float:
        """The chance that he has not been found by all that was searched: never nought."""
        return 1 - self.cumulative_pos

    @property
    def mean_pod(self) -> float:
        """POD of the cells looked at, weighed with their chance; 0 where none was."""
        return self.pos / self.searched_poa if self.searched_poa > 0 else 0.0


def kept_share(missed: Cells, missed_before: Cells | None = None) -> Cells:
    """(rows, columns) the share of its chance that each cell keeps: what `Mixture.searched` takes.

    `missed` is the chance to have missed somebody in a cell by all looks so far, and `missed_before` by those
    that the map already knows (none). Looks depend on one another, and so their ratio counts: searches may
    be entered in any order and in any parts. Raises SettingsError for what is no chance.
    """
    now = np.asarray(missed, float)
    earlier = np.ones(now.shape) if missed_before is None else np.asarray(missed_before, float)
    for each in (earlier, now):
        if each.shape != now.shape or not (each.min() >= 0 and each.max() <= 1):
            raise SettingsError("the chances to have missed him are no chances, or of another grid")
    kept: Cells = np.minimum(now, earlier) / np.maximum(earlier, _LEAST_LEFT)
    return kept


def score_of(before: ProbabilityMap, kept: Cells, cumulative_pos: float = 0.0) -> Score:
    """What a pass was worth that leaves each cell the share `kept` of its chance on the map `before`.

    `cumulative_pos` is that of the searches before. Raises SettingsError for what is no chance.
    """
    if kept.shape != before.grid.shape:
        raise SettingsError("the chances to have missed him are of another grid")
    if not 0 <= cumulative_pos < 1:
        raise SettingsError(f"a cumulative POS of {cumulative_pos} is none", remedy="Give 0 up to below 1")
    pos = float((before.mass * (1 - kept)).sum())
    outside = before.outside / (1 - pos) if pos < 1 else 0.0
    return Score(
        pos=pos,
        cumulative_pos=1 - (1 - cumulative_pos) * (1 - pos),
        on_map=1 - outside,
        outside=outside,
        searched_poa=float(before.mass[kept < 1].sum()),
    )
