"""Alarms as their transitions tell of them: what stood at a time, out of the record alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass

from telemetry.alerts.alarm import CHATTER_COUNT, Alarm
from telemetry.alerts.states import STANDING, Key, Priority, State, Transition

_OVER = frozenset({State.NORMAL, State.SUPPRESSED})
"""What is in neither list, so that nothing of it need be kept."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm of the list or the shelf. `quiet` says that it was raised in a flood, and does not call.

    Of an alarm on the shelf the record does not tell whether its condition went on: `alarm.held` is what held
    when it was shelved.
    """

    alarm: Alarm
    priority: Priority
    quiet: bool


def in_list(alarms: Iterable[Alarm], priority: Callable[[Key], Priority]) -> tuple[Alarm, ...]:
    """Those of them that are shown: the gravest first, and of those the one raised first."""
    shown = [alarm for alarm in alarms if alarm.shown]
    shown.sort(key=lambda one: (priority(one.key).rank, one.raised_s or 0.0, one.key))
    return tuple(shown)


def on_shelf(alarms: Iterable[Alarm]) -> tuple[Alarm, ...]:
    """Those of them that are on the shelf, the one that comes back first first."""
    hidden = [alarm for alarm in alarms if alarm.state is State.SHELVED]
    hidden.sort(key=lambda one: (one.until_s or 0.0, one.key))
    return tuple(hidden)


def fold_transition(standing: MutableMapping[Key, Standing], transition: Transition) -> None:
    """Bring `standing` up to a transition; what is over is taken out."""
    before = standing.pop(transition.key, None)
    if transition.after in _OVER:
        return
    standing[transition.key] = _after(before, transition)


def _after(before: Standing | None, transition: Transition) -> Standing:
    raises_s = before.alarm.raises_s if before is not None else ()
    quiet = before.quiet if before is not None else False
    if transition.raised:
        raises_s, quiet = (*raises_s[1 - CHATTER_COUNT :], transition.time_s), transition.quiet
    held = transition.after in STANDING
    if transition.after is State.SHELVED:
        held = transition.before in STANDING
    alarm = Alarm(
        key=transition.key,
        state=transition.after,
        since_s=transition.time_s,
        held=held,
        raises_s=raises_s,
        value=transition.value,
        limit=transition.limit,
        text=transition.text,
        who=transition.who,
        why=transition.why,
        until_s=transition.until_s,
        met=held,
    )
    return Standing(alarm, transition.priority, quiet)
