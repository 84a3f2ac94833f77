"""One alarm and how time and readings change it: a pure state machine after ANSI/ISA-18.2.

    NORMAL ──raised──> UNACKNOWLEDGED ──a person──> ACKNOWLEDGED ──over──> NORMAL
                          │      ^
                        over   raised
                          v      │
                         RETURNED ──a person──> NORMAL

SHELVED is entered and left by a person or by its time. SUPPRESSED hides an alarm that was active, by the
rule's own design; one that is normal stays so. Whatever ends the two, an alarm whose condition holds comes
back unacknowledged.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from telemetry.alerts.reading import Reading
from telemetry.alerts.rule import Rule
from telemetry.alerts.states import SHOWN, Key, State

CHATTER_COUNT = 3
CHATTER_S = 60.0
"""Three times within a minute is chattering (ISA-18.2): it is then held until it was quiet for as long."""
CLOCK_BACK_S = 60.0
"""A clock set back by more than this ends a shelf: it must not last longer than was said."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm as it stands.

    `since_s` is when its state began and `raised_s` when it was last raised, the latest of `raises_s`.
    `held` says whether the condition holds once delays and deadband are counted, `pending_s` since when it
    has looked otherwise. `who` and `why` are of the last person who did something to it. `met` says whether
    the condition held at any time since the state began.
    """

    key: Key
    state: State = State.NORMAL
    since_s: float = 0.0
    held: bool = False
    pending_s: float | None = None
    raises_s: tuple[float, ...] = ()
    value: float | None = None
    limit: float | None = None
    text: str = ""
    who: str = ""
    why: str = ""
    until_s: float | None = None
    met: bool = False

    @property
    def raised_s(self) -> float | None:
        """When it was last raised."""
        return self.raises_s[-1] if self.raises_s else None

    @property
    def shown(self) -> bool:
        """Whether it stands in the list."""
        return self.state in SHOWN

    @property
    def chatters(self) -> bool:
        """Whether it was raised three times within a minute, the last time it was raised."""
        raises = self.raises_s
        return len(raises) >= CHATTER_COUNT and raises[-1] - raises[-CHATTER_COUNT] <= CHATTER_S

    def idle(self, now_s: float) -> bool:
        """Whether nothing would be lost if it were forgotten."""
        quiet = all(abs(now_s - raised) > 2 * CHATTER_S for raised in self.raises_s)
        return self.state is State.NORMAL and not self.held and self.pending_s is None and quiet


def step(alarm: Alarm, rule: Rule, reading: Reading | None, now_s: float, *, suppressed: bool) -> Alarm:
    """The alarm after a look at a time: the same reading at the same time gives the same alarm.

    `reading` None stands for one whose margin is unknown. `suppressed` says that the rule means nothing now.
    """
    if reading is not None and reading.margin is not None and math.isnan(reading.margin):
        reading = None
    held, pending_s = (False, None) if suppressed else _held(alarm, rule, reading, now_s)
    state = _next(alarm, rule, now_s, held=held, suppressed=suppressed)
    same = state is alarm.state and held == alarm.held and pending_s == alarm.pending_s
    if same and not held and reading is None:
        return alarm
    return _moved(_with(alarm, reading, held, pending_s), state, now_s)


def _held(alarm: Alarm, rule: Rule, reading: Reading | None, now_s: float) -> tuple[bool, float | None]:
    """Whether the condition holds, and since when it has looked otherwise.

    While nothing is known a condition that holds goes on, and its way out begins anew; one that was coming
    is not forgotten.
    """
    margin = None if reading is None else reading.margin
    if margin is None:
        return alarm.held, None if alarm.held else alarm.pending_s
    wanted = margin < (rule.deadband if alarm.held else 0.0)
    if wanted == alarm.held:
        return alarm.held, None
    since_s = now_s if alarm.pending_s is None else min(alarm.pending_s, now_s)
    delay_s = _off_delay_s(alarm, rule) if alarm.held else rule.on_delay_s
    return (wanted, None) if now_s - since_s >= delay_s else (alarm.held, since_s)


def _off_delay_s(alarm: Alarm, rule: Rule) -> float:
    return max(rule.off_delay_s, CHATTER_S) if alarm.chatters else rule.off_delay_s


def _next(alarm: Alarm, rule: Rule, now_s: float, *, held: bool, suppressed: bool) -> State:
    state = alarm.state
    if state is State.SHELVED and not _shelf_over(alarm, now_s):
        return state
    if suppressed and state is not State.NORMAL:
        unseen = state in (State.UNACKNOWLEDGED, State.RETURNED)
        return State.RETURNED if unseen and rule.latched else State.SUPPRESSED
    if held:
        return state if state in (State.UNACKNOWLEDGED, State.ACKNOWLEDGED) else State.UNACKNOWLEDGED
    if state is State.RETURNED or (state is State.UNACKNOWLEDGED and rule.latched):
        return State.RETURNED
    return State.NORMAL


def _shelf_over(alarm: Alarm, now_s: float) -> bool:
    return alarm.until_s is None or now_s >= alarm.until_s or now_s < alarm.since_s - CLOCK_BACK_S


def _with(alarm: Alarm, reading: Reading | None, held: bool, pending_s: float | None) -> Alarm:
    """The alarm with what was read; what is unknown leaves the last value that was known."""
    known = reading is not None and reading.margin is not None
    return Alarm(
        key=alarm.key,
        state=alarm.state,
        since_s=alarm.since_s,
        held=held,
        pending_s=pending_s,
        raises_s=alarm.raises_s,
        value=reading.value if reading is not None and known else alarm.value,
        limit=reading.limit if reading is not None else alarm.limit,
        text=reading.text if reading is not None and known else alarm.text,
        who=alarm.who,
        why=alarm.why,
        until_s=alarm.until_s,
        met=alarm.met or held,
    )


def _moved(alarm: Alarm, state: State, now_s: float) -> Alarm:
    if state is alarm.state:
        return alarm
    raises_s = alarm.raises_s
    if state is State.UNACKNOWLEDGED:
        raises_s = (*raises_s[1 - CHATTER_COUNT :], now_s)
    return dataclasses.replace(
        alarm, state=state, since_s=now_s, raises_s=raises_s, who="", why="", until_s=None, met=False
    )
