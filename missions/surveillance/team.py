"""Who watches, and how they relieve each other."""

from __future__ import annotations

from dataclasses import dataclass

from missions.patterns.figures import whole, within


@dataclass(frozen=True, slots=True)
class Team:
    """Who watches: `vehicles` aircraft, None for as few as it takes, and how they relieve each other.

    `swap_s` is from landing until the aircraft can take off again, `charge_s` until a battery is full again.
    Two aircraft are together `overlap_s` at a hand-over and `separation_m` apart in height. Raises
    SettingsError.
    """

    vehicles: int | None = None
    swap_s: float = 300.0
    charge_s: float = 5400.0
    overlap_s: float = 10.0
    separation_m: float = 10.0
    reserve_pct: float | None = None

    def __post_init__(self) -> None:
        if self.vehicles is not None:
            whole(self.vehicles, "a team", 1, 50)
        within(self.swap_s, "a change of batteries", 0.0, 86_400.0, "seconds")
        within(self.charge_s, "a charge", 0.0, 86_400.0, "seconds")
        within(self.overlap_s, "an overlap", 0.0, 300.0, "seconds")
        within(self.separation_m, "a separation", 3.0, 100.0)
        if self.reserve_pct is not None:
            within(self.reserve_pct, "a reserve", 0.0, 90.0, "per cent")
