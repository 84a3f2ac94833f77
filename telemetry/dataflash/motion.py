"""Where the aircraft was and how it lay: the messages of a link, from what was logged on board."""

from __future__ import annotations

import numpy as np

from telemetry.dataflash.rows import Floats, Rows, nearest
from telemetry.dataflash.sources import UNKNOWN_U16, Flight, Source, boot_ms, placed, whole
from telemetry.dataflash.times import Times

_FIX_3D = 3
_HOME = 1
_EKF2 = 2
_PERCENT = {"copter": 100.0, "sub": 100.0, "plane": 1.0}
"""CTUN.ThO is a share of 1 in copters and submarines, per cent in planes."""
_GPA_NEAR_US = 50_000


def positions(flight: Flight) -> list[Source]:
    """GLOBAL_POSITION_INT from POS; without POS from AHR2, else GPS, where the home's height is known.

    Speeds come from the filter in use, else from GPS. A position without any speed within a second is left
    out: the message has no way to say that it is unknown.
    """
    rows, above_m = _places(flight)
    north, east, down = velocities(flight, rows.boot_us)
    amsl_m = rows.numbers("Alt")
    known = np.isfinite(north + east + down + amsl_m + above_m)
    rows = rows.where(known)
    heading = flight.yaw_deg(rows.boot_us)
    columns = {
        "time_boot_ms": boot_ms(rows.boot_us),
        "lat": whole(rows.numbers("Lat") * 1e7, "i32"),
        "lon": whole(rows.numbers("Lng") * 1e7, "i32"),
        "alt": whole(amsl_m[known] * 1000, "i32"),
        "relative_alt": whole(above_m[known] * 1000, "i32"),
        "vx": whole(north[known] * 100, "i16"),
        "vy": whole(east[known] * 100, "i16"),
        "vz": whole(down[known] * 100, "i16"),
        "hdg": whole(np.rint(heading * 100) % 36_000, "u16", unknown=UNKNOWN_U16),
    }
    return [Source("GLOBAL_POSITION_INT", rows.boot_us, columns, flight.sender)]


def _places(flight: Flight) -> tuple[Rows, Floats]:
    """The rows that say where the aircraft was, and its height above home in each, metres."""
    rows = placed(flight.rows("POS"))
    if len(rows):
        return rows, rows.numbers("RelHomeAlt")
    rows = placed(flight.rows("AHR2"))
    if not len(rows):
        rows = placed(_fixed(flight))
    homes = flight.rows("ORGN")
    homes = homes.where(homes.numbers("Type") == _HOME)
    before = np.searchsorted(homes.boot_us, rows.boot_us, side="right") - 1
    heights = np.append(homes.numbers("Alt"), np.nan)
    return rows, rows.numbers("Alt") - heights[np.where(before >= 0, before, len(heights) - 1)]


def _fixed(flight: Flight) -> Rows:
    """What the first receiver said while it had a 3D fix."""
    rows = flight.rows("GPS").instance(0)
    return rows.where(rows.numbers("Status") >= _FIX_3D)


def velocities(flight: Flight, at_us: Times) -> tuple[Floats, Floats, Floats]:
    """Metres a second north, east and down (n,) at each time, NaN where none was logged within a second."""
    rows = _filter(flight, 1)
    gps = _fixed(flight)
    course = np.radians(gps.numbers("GCrs"))
    second = (
        gps.numbers("Spd") * np.cos(course),
        gps.numbers("Spd") * np.sin(course),
        gps.numbers("VZ"),
    )
    north, east, down = (
        _first(nearest(rows.boot_us, rows.numbers(name), at_us), nearest(gps.boot_us, values, at_us))
        for name, values in zip(("VN", "VE", "VD"), second, strict=True)
    )
    return north, east, down


def _first(values: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isfinite(values), values, otherwise)


def _filter(flight: Flight, number: int) -> Rows:
    """XKF or NKF messages of a number, of the filter in use and of its core in use (PI of XKF4 or NKF4).

    Where ATT does not say which filter that is (AEKF) it is the third, and where nothing says which core,
    the first.
    """
    active = flight.rows("ATT").numbers("AEKF")
    second = np.count_nonzero(active == _EKF2) * 2 > len(active)
    kinds = ("NKF", "XKF") if second else ("XKF", "NKF")
    rows = flight.rows(*(f"{kind}{number}" for kind in kinds))
    told = flight.rows(f"{rows.name[:3]}4")
    primary = nearest(told.boot_us, told.numbers("PI", otherwise=0.0), rows.boot_us)
    return rows.where(rows.numbers("C", otherwise=0.0) == np.where(np.isnan(primary), 0.0, primary))


def attitudes(flight: Flight) -> list[Source]:
    """ATTITUDE from ATT; the turning rates are NaN."""
    rows = flight.rows("ATT")
    columns = {
        "time_boot_ms": boot_ms(rows.boot_us),
        "roll": np.radians(rows.numbers("Roll")),
        "pitch": np.radians(rows.numbers("Pitch")),
        "yaw": np.radians((rows.numbers("Yaw") + 180) % 360 - 180),
    }
    rates = dict.fromkeys(("rollspeed", "pitchspeed", "yawspeed"), np.nan)
    return [Source("ATTITUDE", rows.boot_us, columns, flight.sender, rates)]


def receivers(flight: Flight) -> list[Source]:
    """GPS_RAW_INT from GPS and GPA of the first receiver."""
    rows = flight.rows("GPS").instance(0)
    more = flight.rows("GPA").instance(0)

    def of_gpa(field: str) -> Floats:
        return nearest(more.boot_us, more.numbers(field), rows.boot_us, _GPA_NEAR_US)

    columns = {
        "time_usec": rows.boot_us,
        "fix_type": whole(rows.numbers("Status"), "u16").clip(0, 255),
        "lat": whole(rows.numbers("Lat") * 1e7, "i32"),
        "lon": whole(rows.numbers("Lng") * 1e7, "i32"),
        "alt": whole(rows.numbers("Alt") * 1000, "i32"),
        "eph": whole(rows.numbers("HDop") * 100, "u16", unknown=UNKNOWN_U16),
        "epv": whole(of_gpa("VDop") * 100, "u16", unknown=UNKNOWN_U16),
        "vel": whole(rows.numbers("Spd") * 100, "u16", unknown=UNKNOWN_U16),
        "cog": whole(rows.numbers("GCrs") * 100 % 36_000, "u16", unknown=UNKNOWN_U16),
        "satellites_visible": whole(rows.numbers("NSats"), "u16", unknown=255).clip(0, 255),
        "h_acc": whole(of_gpa("HAcc") * 1000, "u32"),
        "v_acc": whole(of_gpa("VAcc") * 1000, "u32"),
        "vel_acc": whole(of_gpa("SAcc") * 1000, "u32"),
    }
    return [Source("GPS_RAW_INT", rows.boot_us, columns, flight.sender)]


def instruments(flight: Flight) -> list[Source]:
    """VFR_HUD from CTUN (throttle), ATT (heading), POS (height), ARSP (air speed) and `velocities`.

    What was not logged within a second is NaN; without throttle or heading there is none.
    """
    rows = flight.rows("CTUN")
    percent = _PERCENT.get(flight.vehicle.kind or "")
    if percent is None:
        return []
    heading = flight.yaw_deg(rows.boot_us)
    rows = rows.where(np.isfinite(heading + rows.numbers("ThO")))
    north, east, down = velocities(flight, rows.boot_us)
    height, air = flight.rows("POS"), flight.rows("ARSP").instance(0)
    columns = {
        "airspeed": nearest(air.boot_us, air.numbers("Airspeed"), rows.boot_us),
        "groundspeed": np.hypot(north, east),
        "heading": whole(np.floor(flight.yaw_deg(rows.boot_us)), "i16"),
        "throttle": whole(np.abs(rows.numbers("ThO") * percent), "u16"),
        "alt": nearest(height.boot_us, height.numbers("Alt"), rows.boot_us),
        "climb": -down,
    }
    return [Source("VFR_HUD", rows.boot_us, columns, flight.sender)]


def mounts(flight: Flight) -> list[Source]:
    """MOUNT_ORIENTATION from MNT of the first mount."""
    rows = flight.rows("MNT").instance(0)
    columns = {
        "time_boot_ms": boot_ms(rows.boot_us),
        "roll": rows.numbers("Roll"),
        "pitch": rows.numbers("Pitch"),
        "yaw": rows.numbers("YawB"),
        "yaw_absolute": rows.numbers("YawE"),
    }
    return [Source("MOUNT_ORIENTATION", rows.boot_us, columns, flight.sender)]


def filters(flight: Flight) -> list[Source]:
    """EKF_STATUS_REPORT from XKF4 or NKF4 of the core in use.

    The first ten bits of SS are MAVLink's first ten flags; bit 14, GPS glitching, is its bit 15, and bit 16,
    ever healthy, where SS is that long, is the opposite of EKF_UNINITIALIZED.
    """
    rows = _filter(flight, 4)
    status = whole(rows.numbers("SS"), "u32")
    flags = status & 0x3FF | (status >> 14 & 1) << 15
    if rows.has("SS") and rows.log[rows.name].dtype["SS"].itemsize >= 4:
        flags = flags | (~status >> 16 & 1) << 10
    columns = {
        "flags": flags,
        "velocity_variance": rows.numbers("SV"),
        "pos_horiz_variance": rows.numbers("SP"),
        "pos_vert_variance": rows.numbers("SH"),
        "compass_variance": rows.numbers("SM"),
        "airspeed_variance": rows.numbers("SVT"),
    }
    return [
        Source("EKF_STATUS_REPORT", rows.boot_us, columns, flight.sender, {"terrain_alt_variance": np.nan})
    ]
