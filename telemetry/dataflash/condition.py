"""How the vehicle was and what it did: the messages of a link, from what was logged on board."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from telemetry.dataflash.rows import Rows
from telemetry.dataflash.sources import UNKNOWN_U16, Flight, Source, placed, whole
from telemetry.dataflash.times import Times
from telemetry.modes import ARDUPILOT

_RADIO = (51, 68)
"""The system and component of telemetry radios, "3" and "D"."""
_CUSTOM_MODE, _ARMED = 1, 128
_EV_ARMED, _EV_DISARMED, _EV_ON_GROUND, _EV_IN_AIR = 10, 11, 18, 28
_ON_GROUND, _IN_AIR = 1, 2
_ORIGIN, _HOME = 0, 1
_LAST_NAVIGATION_COMMAND = 95
_INFO = 6
_TEXT_BYTES = 50
_REACHED = re.compile(r"(?:Reached (?:command|waypoint)|Passed waypoint) #(\d{1,5})\b")
_NO_TEMPERATURE = 0x7FFF
_CELLS = 10
_OF_HOME = {
    "q": [np.nan] * 4,
    **dict.fromkeys(("x", "y", "z", "approach_x", "approach_y", "approach_z"), np.nan),
}
_FULL_CELL_MV = 65_534


def heartbeats(flight: Flight) -> list[Source]:
    """HEARTBEAT from MODE, ARM and EV: at each change, and once in every second in which anything was logged.

    None before the first MODE, or where the kind of vehicle is unknown. Before the first message of arming
    it was the opposite; without any it counts as disarmed. MAV_STATE stays 0, unknown.
    """
    modes = flight.rows("MODE")
    field = "ModeNum" if modes.has("ModeNum") else "Mode"
    if flight.vehicle.mav_type is None or not len(modes) or not modes.has(field):
        return []
    armed_us, armed = _arming(flight)
    times = np.unique(np.concatenate([seconds(flight), modes.boot_us, armed_us]))
    times = times[times >= modes.boot_us[0]]
    mode = whole(modes.numbers(field), "u32")[np.searchsorted(modes.boot_us, times, side="right") - 1]
    before = not armed[0] if len(armed) else False
    is_armed = np.append(before, armed)[np.searchsorted(armed_us, times, side="right")]
    columns = {"custom_mode": mode, "base_mode": _CUSTOM_MODE + _ARMED * is_armed.astype(np.int64)}
    constants = {"type": flight.vehicle.mav_type, "autopilot": ARDUPILOT, "mavlink_version": 3}
    return [Source("HEARTBEAT", times, columns, flight.sender, constants)]


def _arming(flight: Flight) -> tuple[Times, npt.NDArray[np.bool_]]:
    """When the vehicle was armed (True) and disarmed, by ARM, else by EV."""
    rows = flight.rows("ARM")
    if len(rows) and rows.has("ArmState"):
        return rows.boot_us, rows.numbers("ArmState") != 0
    rows = _events(flight, _EV_ARMED, _EV_DISARMED)
    return rows.boot_us, rows.numbers("Id") == _EV_ARMED


def _events(flight: Flight, *wanted: int) -> Rows:
    rows = flight.rows("EV")
    return rows.where(np.isin(rows.numbers("Id"), wanted))


def seconds(flight: Flight) -> Times:
    """The first time that was logged in each second of the log."""
    every = np.sort(np.concatenate([np.zeros(0, np.int64), *flight.times.values()]))
    every = every[every >= 0]
    return every[np.unique(every // 1_000_000, return_index=True)[1]]


def clocks(flight: Flight) -> list[Source]:
    """SYSTEM_TIME once in every second in which anything was logged; none where no GPS knew the time."""
    if flight.utc_of_boot_us is None:
        return []
    times = seconds(flight)
    columns = {"time_unix_usec": times + flight.utc_of_boot_us, "time_boot_ms": times // 1000 % (1 << 32)}
    return [Source("SYSTEM_TIME", times, columns, flight.sender)]


def batteries(flight: Flight) -> list[Source]:
    """BATTERY_STATUS from BAT (CURR in old logs), for every battery.

    All its voltage stands in the first cell, or two where one cannot hold it, as ArduPilot sends it.
    """
    rows = flight.rows("BAT", "CURR")
    millivolts = np.where(rows.numbers("Volt") >= 0, rows.numbers("Volt") * 1000, np.nan)
    cells = np.full((len(rows), _CELLS), UNKNOWN_U16)
    cells[:, 0] = whole(np.minimum(millivolts, _FULL_CELL_MV), "u16", unknown=UNKNOWN_U16)
    more = millivolts > _FULL_CELL_MV
    cells[more, 1] = whole(np.minimum(millivolts[more] - _FULL_CELL_MV, _FULL_CELL_MV), "u16")
    left = rows.numbers("RemPct")
    temperature = rows.numbers("Temp")
    columns = {
        "id": whole(rows.numbers("Inst", otherwise=0.0), "u16").clip(0, 255),
        "voltages": cells,
        "current_battery": whole(rows.numbers("Curr") * 100, "i16", unknown=-1),
        "current_consumed": whole(rows.numbers("CurrTot"), "i32", unknown=-1),
        "energy_consumed": whole(rows.numbers("EnrgTot") * 36, "i32", unknown=-1),
        "battery_remaining": np.where((left >= 0) & (left <= 100), whole(left, "i16"), -1),
        "temperature": whole(
            np.where(temperature == 0, np.nan, temperature) * 100, "i16", unknown=_NO_TEMPERATURE
        ),
    }
    return [Source("BATTERY_STATUS", rows.boot_us, columns, flight.sender)]


def radios(flight: Flight) -> list[Source]:
    """RADIO_STATUS from RAD, by the radio."""
    rows = flight.rows("RAD")
    names = {"rssi": "RSSI", "remrssi": "RemRSSI", "noise": "Noise", "remnoise": "RemNoise", "txbuf": "TxBuf"}
    columns = {own: whole(rows.numbers(name), "u16").clip(0, 255) for own, name in names.items()}
    columns |= {
        own: whole(rows.numbers(name), "u16") for own, name in (("rxerrors", "RxErrors"), ("fixed", "Fixed"))
    }
    return [Source("RADIO_STATUS", rows.boot_us, columns, _RADIO)]


def texts(flight: Flight) -> list[Source]:
    """STATUSTEXT from MSG, in pieces where it is longer than 50 bytes.

    The log has no severity: all are "info".
    """
    rows = flight.rows("MSG")
    times: list[int] = []
    columns: dict[str, list[object]] = {"text": [], "id": [], "chunk_seq": []}
    for number, (time_us, text) in enumerate(zip(rows.boot_us.tolist(), rows.texts("Message"), strict=False)):
        raw = text.encode()
        pieces = [raw[at : at + _TEXT_BYTES] for at in range(0, max(len(raw), 1), _TEXT_BYTES)]
        times += [time_us] * len(pieces)
        columns["text"] += pieces
        columns["id"] += [number % UNKNOWN_U16 + 1 if len(pieces) > 1 else 0] * len(pieces)
        columns["chunk_seq"] += range(len(pieces))
    return [Source("STATUSTEXT", np.array(times, np.int64), columns, flight.sender, {"severity": _INFO})]


def missions(flight: Flight) -> list[Source]:
    """MISSION_CURRENT from MISE, else from CMD; MISSION_ITEM_REACHED from what MSG says of it.

    CMD is logged when a command starts, and for the whole mission, from item 0 on, when a log begins or a
    mission was loaded: the latter are left out, and commands that do not navigate.
    """
    rows = flight.rows("MISE")
    if not len(rows):
        rows = flight.rows("CMD")
        rows = rows.where(_started(rows))
    rows = rows.where(rows.numbers("CId") <= _LAST_NAVIGATION_COMMAND)
    columns = {
        "seq": whole(rows.numbers("CNum"), "u16"),
        "total": whole(rows.numbers("CTot") - 1, "u16", unknown=UNKNOWN_U16),
    }
    told = flight.rows("MSG")
    matches = [_REACHED.match(text) for text in told.texts("Message")]
    done = told.where(np.array([match is not None for match in matches] or [False] * len(told), bool))
    reached = np.array([int(match[1]) for match in matches if match], np.int64).clip(0, UNKNOWN_U16)
    return [
        Source("MISSION_CURRENT", rows.boot_us, columns, flight.sender),
        Source("MISSION_ITEM_REACHED", done.boot_us, {"seq": reached}, flight.sender),
    ]


def _started(rows: Rows) -> npt.NDArray[np.bool_]:
    """Which rows of CMD are a command that starts, not an item of a mission that is listed from 0 on."""
    started = np.ones(len(rows), bool)
    expected = -1.0
    for place, (number, total) in enumerate(
        zip(rows.numbers("CNum").tolist(), rows.numbers("CTot").tolist(), strict=True)
    ):
        if number in (0, expected):
            started[place] = False
            expected = number + 1 if number + 1 < total else -1.0
    return started


def homes(flight: Flight) -> list[Source]:
    """HOME_POSITION and GPS_GLOBAL_ORIGIN from ORGN."""
    sources: list[Source] = []
    for kind, message in ((_HOME, "HOME_POSITION"), (_ORIGIN, "GPS_GLOBAL_ORIGIN")):
        rows = placed(flight.rows("ORGN"))
        rows = rows.where((rows.numbers("Type") == kind) & np.isfinite(rows.numbers("Alt")))
        columns = {
            "latitude": whole(rows.numbers("Lat") * 1e7, "i32"),
            "longitude": whole(rows.numbers("Lng") * 1e7, "i32"),
            "altitude": whole(rows.numbers("Alt") * 1000, "i32"),
            "time_usec": rows.boot_us,
        }
        constants = _OF_HOME if kind == _HOME else {}
        sources.append(Source(message, rows.boot_us, columns, flight.sender, constants))
    return sources


def landings(flight: Flight) -> list[Source]:
    """EXTENDED_SYS_STATE from EV: landed, and no longer landed."""
    rows = _events(flight, _EV_ON_GROUND, _EV_IN_AIR)
    state = np.where(rows.numbers("Id") == _EV_IN_AIR, _IN_AIR, _ON_GROUND)
    return [Source("EXTENDED_SYS_STATE", rows.boot_us, {"landed_state": state}, flight.sender)]
