"""The battery: drained by what the vehicle does, in simulated time."""

from __future__ import annotations

from sitl.autopilot.parameters import Parameters

FULL_V = 12.6
EMPTY_V = 10.5
_IDLE_A = 0.5
_FLYING_A = {"copter": 20.0, "plane": 12.0}
_SAG_V_PER_A = 0.005


class Battery:
    """Three cells, BATT_CAPACITY mAh."""

    def __init__(self, kind: str, parameters: Parameters) -> None:
        self._flying_a = _FLYING_A[kind]
        self._parameters = parameters
        self.used_mah = 0.0
        self.current_a = _IDLE_A

    def drain(self, dt_s: float, *, flying: bool) -> None:
        """Let so many seconds pass."""
        self.current_a = self._flying_a if flying else _IDLE_A
        self.used_mah += self.current_a * dt_s / 3.6

    @property
    def left_mah(self) -> float:
        """What is left of it."""
        return max(0.0, self._parameters["BATT_CAPACITY"] - self.used_mah)

    @property
    def left_pct(self) -> int:
        """What is left of it, whole per cent."""
        capacity = self._parameters["BATT_CAPACITY"]
        return round(100 * self.left_mah / capacity) if capacity > 0 else 0

    @property
    def low(self) -> bool:
        """Whether less than BATT_LOW_MAH is left."""
        return self.left_mah < self._parameters["BATT_LOW_MAH"]

    @property
    def voltage_v(self) -> float:
        """Falling with the charge and with the current."""
        return EMPTY_V + (FULL_V - EMPTY_V) * self.left_pct / 100 - _SAG_V_PER_A * self.current_a
