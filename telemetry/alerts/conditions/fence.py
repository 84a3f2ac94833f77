"""The plan's fence."""

from __future__ import annotations

from telemetry.alerts.reading import Readings, below
from telemetry.alerts.region import Place
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Sight


def fence_breach(sight: Sight, rule: Rule) -> Readings:
    """Metres inside the fence, below 0 outside."""
    fence = sight.prepared.fence
    if fence is None or sight.place is None:
        return None
    room_m = fence.room_m(sight.place)
    return below(room_m, rule["limit_m"], _text(room_m, ""))


def fence_near(sight: Sight, rule: Rule) -> Readings:
    """The same, now or in `ahead_s` if it goes on as it does, whichever is less."""
    fence = sight.prepared.fence
    if fence is None or sight.place is None:
        return None
    now_m = fence.room_m(sight.place)
    ahead_s = rule["ahead_s"]
    soon = _ahead(sight.place, sight, ahead_s)
    soon_m = now_m if soon is None else fence.room_m(soon)
    text = _text(now_m, "") if now_m <= soon_m else _text(soon_m, f" in {ahead_s:.0f} s if it goes on so")
    return below(min(now_m, soon_m), rule["limit_m"], text)


def _ahead(place: Place, sight: Sight, ahead_s: float) -> Place | None:
    if sight.motion is None or ahead_s <= 0:
        return None
    return place[0] + sight.motion[0] * ahead_s, place[1] + sight.motion[1] * ahead_s


def _text(room_m: float, when: str) -> str:
    side = "inside" if room_m >= 0 else "outside"
    return f"{abs(room_m):.0f} m {side} the fence{when}"
