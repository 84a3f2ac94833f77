"""What a person does to an alarm: acknowledge it, shelve it for a time, take it off the shelf.

Pure: an alarm in, an alarm out. What makes no sense raises InputError that says why.
"""

from __future__ import annotations

import dataclasses
import math

from missions.errors import InputError
from telemetry.alerts.alarm import Alarm
from telemetry.alerts.rule import Rule
from telemetry.alerts.states import State

MAX_NAME = 100
MAX_REASON = 500


def acknowledge(alarm: Alarm, who: str, now_s: float, *, suppressed: bool = False) -> Alarm:
    """The alarm, seen by `who`: an active one stays in the list, one that is over leaves it."""
    who = _text(who, "name", MAX_NAME)
    if alarm.state is State.UNACKNOWLEDGED:
        after = State.ACKNOWLEDGED
    elif alarm.state is State.RETURNED:
        after = State.SUPPRESSED if suppressed else State.NORMAL
    else:
        raise _refused(alarm, "cannot be acknowledged", _why_not(alarm))
    return dataclasses.replace(alarm, state=after, since_s=now_s, who=who, why="")


def shelve(alarm: Alarm, rule: Rule, who: str, why: str, for_s: float, now_s: float) -> Alarm:
    """The alarm, hidden by `who` for `for_s` seconds."""
    who, why = _text(who, "name", MAX_NAME), _text(why, "reason", MAX_REASON)
    if alarm.state in (State.SHELVED, State.SUPPRESSED):
        raise _refused(alarm, "cannot be shelved", _why_not(alarm))
    if not rule.shelve_max_s:
        raise _refused(alarm, "may not be shelved", "Acknowledge it; its rule has shelve_max_s = 0")
    if not (math.isfinite(for_s) and 0 < for_s <= rule.shelve_max_s):
        raise _refused(
            alarm,
            f"may not be shelved for {for_s} s",
            f"Give more than 0 and at most {rule.shelve_max_s:g} seconds",
        )
    return dataclasses.replace(
        alarm,
        state=State.SHELVED,
        since_s=now_s,
        who=who,
        why=why,
        until_s=now_s + for_s,
        met=alarm.held,
    )


def unshelve(alarm: Alarm, who: str, now_s: float, *, suppressed: bool = False) -> Alarm:
    """The alarm off its shelf: unacknowledged again where its condition holds."""
    who = _text(who, "name", MAX_NAME)
    if alarm.state is not State.SHELVED:
        raise _refused(alarm, "is not on a shelf", f"It is {alarm.state}")
    hidden = State.SUPPRESSED if suppressed else State.NORMAL
    after = State.UNACKNOWLEDGED if alarm.held and not suppressed else hidden
    raises_s = (*alarm.raises_s[-2:], now_s) if after is State.UNACKNOWLEDGED else alarm.raises_s
    return dataclasses.replace(
        alarm, state=after, since_s=now_s, who=who, why="", until_s=None, raises_s=raises_s
    )


def _text(text: str, what: str, most: int) -> str:
    kept = text.strip()
    if not kept or len(kept) > most or not kept.isprintable():
        raise InputError(
            f"{text[:most]!r} is no {what}", where="alarm", remedy=f"Give a {what} of 1 to {most} characters"
        )
    return kept


def _why_not(alarm: Alarm) -> str:
    if alarm.state is State.ACKNOWLEDGED:
        return f"{alarm.who} acknowledged it already" if alarm.who else "It is acknowledged already"
    if alarm.state is State.SHELVED:
        return f"{alarm.who} shelved it; take it off the shelf first"
    if alarm.state is State.SUPPRESSED:
        return "It is suppressed by its rule's own design, and not shown"
    return "It is not active"


def _refused(alarm: Alarm, what: str, remedy: str) -> InputError:
    return InputError(f"the alarm {what}", where=str(alarm.key), remedy=remedy)
