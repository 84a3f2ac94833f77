"""A journal of alarms as a service wrote it while the recording of `tests.ops.replayed` was made."""

from __future__ import annotations

from pathlib import Path

from ops.index import record_alerts
from telemetry.alerts import STARTED, Key, Priority, State, Transition
from tests.ops.replayed import BEGIN_S

FENCE, HDOP, LOW = Key(1, "fence_breach"), Key(2, "gps_hdop"), Key(2, "battery_low")
_NORMAL, _CALLS, _TAKEN, _OVER, _HIDDEN = (
    State.NORMAL,
    State.UNACKNOWLEDGED,
    State.ACKNOWLEDGED,
    State.RETURNED,
    State.SHELVED,
)


def write_journal(folder: Path) -> Path:
    """Ann takes a fence breach at second 130, Bob shelves an HDOP at 210; one of the day before stands."""
    day_before = BEGIN_S - 86_400
    high, medium, low = Priority.HIGH, Priority.MEDIUM, Priority.LOW
    rows = [
        Transition(41, day_before, LOW, medium, _NORMAL, _CALLS, "9 % left", 9.0, 20.0, "%"),
        Transition(1, BEGIN_S - 30, Key(0, STARTED), low, _NORMAL, _NORMAL, "the service started again"),
        Transition(2, BEGIN_S + 120, FENCE, high, _NORMAL, _CALLS, "4 m outside the fence", -4.0, 0.0, "m"),
        Transition(3, BEGIN_S + 130, FENCE, high, _CALLS, _TAKEN, "6 m outside the fence", who="Ann"),
        Transition(4, BEGIN_S + 200, HDOP, low, _NORMAL, _CALLS, "HDOP 2.4", 2.4, 2.0, quiet=True),
        Transition(
            5, BEGIN_S + 210, HDOP, low, _CALLS, _HIDDEN, "HDOP 2.4", who="Bob", why="trees",
            until_s=BEGIN_S + 510,
        ),
        Transition(6, BEGIN_S + 250, FENCE, high, _TAKEN, _NORMAL, "3 m inside the fence"),
        Transition(7, BEGIN_S + 400, FENCE, high, _NORMAL, _CALLS, "1 m outside the fence"),
        Transition(8, BEGIN_S + 420, FENCE, high, _CALLS, _OVER, "2 m inside the fence"),
        Transition(9, BEGIN_S + 510, HDOP, low, _HIDDEN, _CALLS, "HDOP 2.6"),
    ]  # fmt: skip
    record_alerts(folder, [each.as_dict() for each in rows])
    return folder / "alerts.jsonl"
