"""Which messages go out when, for one link, in simulated time."""

from __future__ import annotations

from telemetry.dialect import BY_NAME, LAYOUTS

GROUPS: dict[int, tuple[str, ...]] = {
    2: ("SYS_STATUS", "GPS_RAW_INT", "MISSION_CURRENT", "NAV_CONTROLLER_OUTPUT"),
    6: ("GLOBAL_POSITION_INT",),
    10: ("ATTITUDE",),
    11: ("VFR_HUD",),
    12: ("SYSTEM_TIME", "BATTERY_STATUS", "EKF_STATUS_REPORT"),
}
"""MAV_DATA_STREAM to messages, as ArduPilot groups them; 0 is all of them."""
ON_INTERVAL = frozenset(
    {"HEARTBEAT", "EXTENDED_SYS_STATE", "HOME_POSITION", "AUTOPILOT_VERSION"}.union(*GROUPS.values())
)
"""What can be sent on an interval or on request."""
FASTEST_S = 0.02


class Streams:
    """The intervals that one client asked for. A heartbeat goes out each second unless told otherwise."""

    def __init__(self) -> None:
        self._interval_s: dict[str, float] = {"HEARTBEAT": 1.0}
        self._due_s: dict[str, float] = {"HEARTBEAT": 0.0}

    def interval_us(self, message_id: int) -> int | None:
        """Microseconds between two such messages, -1 for never; None where there is no such message."""
        name = self._name(message_id)
        if name is None:
            return None
        return round(self._interval_s[name] * 1e6) if name in self._interval_s else -1

    def set_interval(self, message_id: int, interval_us: float, now_s: float) -> bool:
        """SET_MESSAGE_INTERVAL: -1 stops it, 0 is the default. False where there is no such message."""
        name = self._name(message_id)
        if name is None:
            return False
        if interval_us == 0:
            interval_us = 1e6 if name == "HEARTBEAT" else -1
        self._set(name, interval_us / 1e6, now_s)
        return True

    def set_group(self, group: int, rate_hz: float, *, start: bool, now_s: float) -> None:
        """REQUEST_DATA_STREAM."""
        groups = GROUPS if group == 0 else {group: GROUPS.get(group, ())}
        for name in (name for names in groups.values() for name in names):
            self._set(name, 1 / rate_hz if start and rate_hz > 0 else -1.0, now_s)

    def due(self, now_s: float) -> list[str]:
        """The messages whose time has come; the next time is counted from when this one should have been."""
        names = [name for name, due_s in self._due_s.items() if due_s <= now_s]
        for name in names:
            self._due_s[name] = max(self._due_s[name] + self._interval_s[name], now_s)
        return names

    def _set(self, name: str, interval_s: float, now_s: float) -> None:
        if not interval_s > 0:
            self._interval_s.pop(name, None)
            self._due_s.pop(name, None)
            return
        self._interval_s[name] = max(interval_s, FASTEST_S)
        self._due_s[name] = now_s

    @staticmethod
    def _name(message_id: int) -> str | None:
        layout = LAYOUTS.get(message_id)
        return layout.name if layout and layout.name in ON_INTERVAL else None


def id_of(name: str) -> int:
    """The number of a message."""
    return BY_NAME[name].message_id
