"""What stood before the service started again, out of the journal: who has what, and what is on the shelf."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.alarms.journal import Journal
from ops.index.alert_log import ALERTS_NAME
from telemetry.alerts import Key, Standing, State, fold_transition

LONGEST_S = 12 * 3600.0
"""A journal that has been silent for longer is of another operation; no shelf may last longer either."""
MOST_STANDING = 2000
"""Alarms that are taken over; the latest, where a damaged journal makes up more."""
_ORDER = (State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED, State.SHELVED)


@dataclass(frozen=True, slots=True)
class Before:
    """How it was when the service ended: what stood, the last transition's number and time, the unknown."""

    standing: tuple[Standing, ...]
    number: int
    last_s: float | None
    trouble: str


def read_back(folder: Path) -> Before | None:
    """What the journal in a folder says; None where there is none. Raises nothing for a damaged one."""
    journal = Journal(folder / ALERTS_NAME)
    standing: dict[Key, Standing] = {}
    number, last_s = 0, None
    for each in journal:
        if each.number <= number:
            standing.clear()  # a service that took nothing over counts from one again
        number, last_s = each.number, each.time_s
        fold_transition(standing, each)
        if len(standing) > MOST_STANDING:
            del standing[next(iter(standing))]
    if last_s is None and not journal.trouble:
        return None
    return Before(tuple(standing.values()), number, last_s, journal.trouble)


def too_old(before: Before, now_s: float) -> bool:
    """Whether what stood is of another operation."""
    return before.last_s is None or now_s - before.last_s > LONGEST_S


def told(before: Before, now_s: float, strangers: Sequence[Standing]) -> str:
    """The line of the journal and of the events: what goes on, what does not, what is not known."""
    said = ["the service started again"]
    if before.last_s is not None:
        said[0] += f", {_span(now_s - before.last_s)} after the last change of an alarm"
    if before.standing and too_old(before, now_s):
        said.append(f"what stood then is not taken over: {_counted(before.standing)}")
    elif before.standing:
        left_out = {each.alarm.key for each in strangers}
        going_on = [each for each in before.standing if each.alarm.key not in left_out]
        said.append(f"as they stood: {_counted(going_on) or 'no alarms'}")
    if strangers:
        names = ", ".join(sorted(str(each.alarm.key) for each in strangers)[:5])
        said.append(f"without a rule by now and left out: {len(strangers)} ({names})")
    if before.trouble:
        said.append(f"not known is what could not be read ({before.trouble})")
    return "; ".join(said)


def _counted(standing: Sequence[Standing]) -> str:
    counts = Counter(each.alarm.state for each in standing)
    return ", ".join(f"{counts[state]} {state}" for state in _ORDER if counts[state])


def _span(seconds: float) -> str:
    if seconds < 0:
        return "by a clock that was set back"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
