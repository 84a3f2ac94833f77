"""The link: heard at all, frames lost, and how strong the radio is."""

from __future__ import annotations

from telemetry.alerts.reading import Readings, above, below
from telemetry.alerts.rule import Rule
from telemetry.alerts.sight import Sight

LEAST_FRAMES = 20
"""A share of fewer frames than these means nothing."""
NOT_KNOWN = 255


def link_lost(sight: Sight, rule: Rule) -> Readings:
    """Seconds since the vehicle was last heard."""
    return above(sight.age_s, rule["limit_s"], f"not heard for {sight.age_s:.0f} s")


def link_loss(sight: Sight, rule: Rule) -> Readings:
    """Per cent of the vehicle's frames that did not come, over the last half minute."""
    rows = sight.memory.losses
    if len(rows) < 2:
        return None
    received, lost = rows[-1][1] - rows[0][1], rows[-1][2] - rows[0][2]
    if received + lost < LEAST_FRAMES:
        return None
    # late frames are taken off the losses again
    lost_pct = 100 * max(lost, 0) / (received + max(lost, 0))
    return above(lost_pct, rule["limit_pct"], f"{lost_pct:.0f} % of the frames lost")


def radio_weak(sight: Sight, rule: Rule) -> Readings:
    """The weaker side's signal above the noise, in the radio's own units (SiK: about half a decibel)."""
    state = sight.state
    signals = [each for each in (state.radio_rssi, state.radio_remote_rssi) if _known(each)]
    if not signals or not _known(state.radio_noise):
        return None
    signal = min(each for each in signals if each is not None)
    noise = state.radio_noise or 0
    text = f"the radio's signal is {signal - noise} above its noise ({signal} to {noise})"
    return below(float(signal - noise), rule["limit"], text)


def _known(value: int | None) -> bool:
    return value is not None and value != NOT_KNOWN
