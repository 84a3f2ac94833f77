"""What was really called in a recording, and who took it, out of the journals beside it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from ops.alarms.journal import Journal
from telemetry.alerts import Chronicle, Key, Standing, State, Transition, fold_transition

ANEW = "the service began anew and knew of no alarm"
JOURNALS = "alerts*.jsonl"
MOST_BYTES = 256 << 20
"""Of a journal, the end: it is read once, when the replay begins."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The transitions of all journals, and what of these could not be read, "" where all was."""

    chronicle: Chronicle
    trouble: str


def journals_beside(recordings: Iterable[Path]) -> tuple[Path, ...]:
    """The journals in the folders of recordings; an operation numbers those that entered it with one name."""
    folders = dict.fromkeys(path.parent for path in recordings)
    return tuple(path for folder in folders for path in sorted(folder.glob(JOURNALS)) if path.is_file())


def recorded(journals: Sequence[Path], begin_s: float, end_s: float) -> Recorded | None:
    """What journals tell of the time between; None where they tell nothing of it.

    What stood at the begin is known too. Damaged lines are passed over and told of.
    """
    standing: dict[Key, list[Transition]] = {}
    found: list[Transition] = []
    troubles = []
    for path in journals:
        journal = Journal(path, MOST_BYTES)
        for each in _without_gaps(journal):
            if each.time_s < begin_s:
                _keep(standing, each)
            elif each.time_s <= end_s:
                found.append(each)
        if journal.trouble:
            _log.warning("the alarms of then: %s", journal.trouble)
            troubles.append(journal.trouble)
    if not found:
        return None
    return Recorded(Chronicle([*chain.from_iterable(standing.values()), *found]), "; ".join(troubles))


def _keep(standing: dict[Key, list[Transition]], transition: Transition) -> None:
    """Of what was before the begin keep what is needed to know what stood there."""
    if transition.after in (State.NORMAL, State.SUPPRESSED):
        standing.pop(transition.key, None)
    else:
        standing.setdefault(transition.key, []).append(transition)


def _without_gaps(journal: Iterable[Transition]) -> Iterator[Transition]:
    """With an end for what stood when a service began that took nothing over: it counts from one again."""
    standing: dict[Key, Standing] = {}
    number = 0
    for each in journal:
        if each.number <= number:
            for key, one in list(standing.items()):
                yield replace(
                    each,
                    key=key,
                    priority=one.priority,
                    before=one.alarm.state,
                    after=State.NORMAL,
                    text=ANEW,
                )
            standing.clear()
        number = each.number
        fold_transition(standing, each)
        yield each
