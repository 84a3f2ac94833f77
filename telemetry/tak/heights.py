"""From metres above mean sea level to metres above the ellipsoid, which is what Cursor on Target wants.

The two differ by the undulation of the geoid, 40 to 47 m in the Netherlands. It is never guessed. It comes
from the aircraft's own receiver (GPS_RAW_INT gives both heights), else from a geoid grid that PROJ really
has; else the height is sent as unknown.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from types import MappingProxyType

from pyproj import Transformer
from pyproj.transformer import TransformerGroup

from telemetry.frames import Frame
from telemetry.messages import Message, decode

_FIX_3D = 3
_MOST_M = 120.0
"""The geoid lies between 107 m below and 86 m above the ellipsoid; what claims more is no undulation."""


def undulation_of(message: Message) -> float | None:
    """Metres that the geoid lies above the ellipsoid, as the receiver of GPS_RAW_INT has it, or None.

    A height above the ellipsoid of exactly 0 is what is sent by those who know none.
    """
    if message.name != "GPS_RAW_INT" or message.fix_type < _FIX_3D or message.alt_ellipsoid == 0:
        return None
    undulation_m = (message.alt_ellipsoid - message.alt) / 1000
    # equal heights are a receiver that does not know the geoid and sends one height twice
    return undulation_m if 0 < abs(undulation_m) <= _MOST_M else None


class GpsUndulations:
    """A listener for `Hub.subscribe` that remembers what each aircraft's receiver says of the geoid."""

    def __init__(self) -> None:
        self._known: MappingProxyType[int, float] = MappingProxyType({})

    def __call__(self, frames: Sequence[Frame]) -> None:
        """Look for GPS_RAW_INT."""
        for frame in frames:
            message = decode(frame)
            undulation_m = undulation_of(message) if message is not None else None
            if undulation_m is not None:
                self._known = MappingProxyType({**self._known, frame.system: undulation_m})

    def of(self, system: int) -> float | None:
        """Metres that the geoid lies above the ellipsoid at that aircraft, or None."""
        return self._known.get(system)


def geoid_undulation_m(lat_deg: float, lon_deg: float) -> float | None:
    """Metres that the geoid EGM96 lies above the ellipsoid there, or None where PROJ lacks its grid."""
    transformer = _ellipsoid_from_egm96()
    if transformer is None:
        return None
    undulation_m = float(transformer.transform(lat_deg, lon_deg, 0.0)[2])
    return undulation_m if 0 < abs(undulation_m) <= _MOST_M else None


@cache
def _ellipsoid_from_egm96() -> Transformer | None:
    """PROJ's own best way, only where nothing is missing for it: it falls back in silence otherwise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what it warns of is what is asked next
        group = TransformerGroup("EPSG:9707", "EPSG:4979", allow_ballpark=False)
    if not group.best_available or not group.transformers:
        return None
    return group.transformers[0]
