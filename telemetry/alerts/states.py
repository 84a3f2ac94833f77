"""What an alarm can be, and the record of each change.

The states are those of ANSI/ISA-18.2, without "out of service". docs/telemetry_alerts.md draws them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Where an alarm stands."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    """Active, and nobody has said that it was seen: this one calls."""
    ACKNOWLEDGED = "acknowledged"
    """Active and seen."""
    RETURNED = "returned unacknowledged"
    """No longer active, and still nobody has said that it was seen."""
    SHELVED = "shelved"
    """Hidden by a person for a time; comes back by itself."""
    SUPPRESSED = "suppressed by design"
    """Hidden by a rule: it means nothing now (on the ground), or a graver alarm says the same."""


SHOWN = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED})
"""The states in which an alarm stands in the list."""
STANDING = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED})
"""The states in which its condition holds and is shown."""
STARTED = "service_started"
"""What stands for a rule in the record of a start: of no vehicle (0), from normal to normal."""


class Priority(StrEnum):
    """Three levels, as EEMUA 191 advises: about 5, 15 and 80 per cent of all alarms."""

    HIGH = "high"
    """Act at once: people, an aircraft or the airspace are in danger."""
    MEDIUM = "medium"
    """Act within a minute or it becomes high."""
    LOW = "low"
    """Know it, and act when there is time."""

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return _RANKS[self]


_RANKS = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One alarm: a vehicle's system number, a rule, and what else it is about.

    `subject` is the other aircraft, the traffic or the message; "" where a rule has one alarm a vehicle.
    """

    vehicle: int
    rule: str
    subject: str = ""

    def __str__(self) -> str:
        about = f" ({self.subject})" if self.subject else ""
        return f"vehicle {self.vehicle}, {self.rule}{about}"


@dataclass(frozen=True, slots=True)
class Transition:
    """One alarm changed its state. Immutable, to be stored and shown.

    `number` counts a desk's transitions from 1. `who` is the person who did it and `why` the reason given,
    "" where the desk did it. `value` and `limit` are in `unit`, None where nothing is known. `until_s` is
    when a shelved alarm comes back. `quiet` says not to call for it: there is a flood, and it is not of high
    priority.
    """

    number: int
    time_s: float
    key: Key
    priority: Priority
    before: State
    after: State
    text: str
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    who: str = ""
    why: str = ""
    until_s: float | None = None
    quiet: bool = False

    @property
    def raised(self) -> bool:
        """Whether the alarm became active here, and is shown."""
        return self.after is State.UNACKNOWLEDGED

    @property
    def calls(self) -> bool:
        """Whether a person is to be called: sound, flash."""
        return self.raised and not self.quiet

    def as_dict(self) -> dict[str, Any]:
        """All of it on one level, fit for JSON: there is no NaN and no infinity."""
        return {
            "number": self.number,
            "time_s": self.time_s,
            "vehicle": self.key.vehicle,
            "rule": self.key.rule,
            "subject": self.key.subject,
            "priority": str(self.priority),
            "from": str(self.before),
            "to": str(self.after),
            "text": self.text,
            "value": self.value,
            "limit": self.limit,
            "unit": self.unit,
            "who": self.who,
            "why": self.why,
            "until_s": self.until_s,
            "quiet": self.quiet,
        }
