"""Times and numbers as text, for formats that are text."""

from __future__ import annotations

import numpy as np

from telemetry.exports.paths import Floats


def utc_texts(time_s: Floats) -> list[str]:
    """Times (n,), seconds since 1970, as 2026-02-23T10:15:00.123Z."""
    moments = np.round(time_s * 1e3).astype("datetime64[ms]")
    return [f"{each}Z" for each in np.datetime_as_string(moments, unit="ms").tolist()]


def xml_text(text: str) -> str:
    """Text that any XML reader takes, whatever was in a file's name."""
    shown = "".join(each if each.isprintable() else " " for each in text.encode(errors="replace").decode())
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def aircraft_name(system: int, kind: str) -> str:
    """What an aircraft is called on a map."""
    return f"{kind.capitalize() or 'Aircraft'} {system}"
