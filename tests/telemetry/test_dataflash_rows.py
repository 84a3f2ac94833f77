"""Rows of onboard logs as ArduPilot writes them, for the tests of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from telemetry.dataflash import frames_of_log, log_of
from telemetry.frames import Frame, Message
from telemetry.state import VehicleState, fold
from tests.telemetry.test_dataflash_writer import LogWriter

DEFINED = {
    "GPS": ("QBBIHBcLLeffffB", "TimeUS,I,Status,GMS,GWk,NSats,HDop,Lat,Lng,Alt,Spd,GCrs,VZ,Yaw,U"),
    "GPA": ("QBCCCCfBI", "TimeUS,I,VDop,HAcc,VAcc,SAcc,YAcc,VV,SMS"),
    "POS": ("QLLfff", "TimeUS,Lat,Lng,Alt,RelHomeAlt,RelOriginAlt"),
    "AHR2": ("QccCfLL", "TimeUS,Roll,Pitch,Yaw,Alt,Lat,Lng"),
    "ATT": ("QccccCCCCB", "TimeUS,DesRoll,Roll,DesPitch,Pitch,DesYaw,Yaw,ErrRP,ErrYaw,AEKF"),
    "MODE": ("QMBB", "TimeUS,Mode,ModeNum,Rsn"),
    "ARM": ("QBIBB", "TimeUS,ArmState,ArmChecks,Forced,Method"),
    "EV": ("QB", "TimeUS,Id"),
    "MSG": ("QZ", "TimeUS,Message"),
    "VER": ("QZB", "TimeUS,FWS,BU"),
    "BAT": ("QBfffffcfB", "TimeUS,Inst,Volt,VoltR,Curr,CurrTot,EnrgTot,Temp,Res,RemPct"),
    "CMD": ("QHHHffffLLfB", "TimeUS,CTot,CNum,CId,Prm1,Prm2,Prm3,Prm4,Lat,Lng,Alt,Frame"),
    "MISE": ("QHHH", "TimeUS,CTot,CNum,CId"),
    "PARM": ("QNff", "TimeUS,Name,Value,Default"),
    "XKF1": ("QBfff", "TimeUS,C,VN,VE,VD"),
    "XKF4": ("QBcccccfffHBIHb", "TimeUS,C,SV,SP,SH,SM,SVT,errRP,OFN,OFE,FS,TS,SS,GPS,PI"),
    "NKF1": ("QBfff", "TimeUS,C,VN,VE,VD"),
    "ORGN": ("QBLLe", "TimeUS,Type,Lat,Lng,Alt"),
    "RAD": ("QBBBBBHH", "TimeUS,RSSI,RemRSSI,TxBuf,Noise,RemNoise,RxErrors,Fixed"),
    "CTUN": ("Qff", "TimeUS,ThI,ThO"),
    "ARSP": ("QBf", "TimeUS,I,Airspeed"),
    "MNT": ("QBfffffffff", "TimeUS,I,DRoll,Roll,DPitch,Pitch,DYawB,YawB,DYawE,YawE,Dist"),
}
BOOT = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
BOOT_US = round(BOOT.timestamp() * 1e6)
S = 1_000_000
HOME = (52.1273, 5.276)


def gps_time(boot_us: int, boot: datetime = BOOT) -> tuple[int, int]:
    """Milliseconds of the week and the week of GPS time."""
    since = boot + timedelta(microseconds=boot_us, seconds=18) - datetime(1980, 1, 6, tzinfo=UTC)
    week, rest = divmod(since, timedelta(weeks=1))
    return rest // timedelta(milliseconds=1), week


def a_log(*rows: tuple[Any, ...]) -> LogWriter:
    """A log of these rows, name first, TimeUS next; only the names in them are described."""
    writer = LogWriter()
    for name in dict.fromkeys(row[0] for row in rows):
        writer.define(name, *DEFINED[name])
    for name, *values in rows:
        writer.write(name, *values)
    return writer


def gps(t: int, status: int = 3, at: int | None = None, receiver: int = 0, **other: Any) -> tuple[Any, ...]:
    of_week_ms, week = gps_time(t if at is None else at)
    values = {"Lat": 521273000, "Lng": 52760000, "Alt": 2010, "Spd": 5.0, "GCrs": 90.0, "VZ": -1.0} | other
    return ("GPS", t, receiver, status, of_week_ms, week, 11, 85, *values.values(), 0.0, 1)


def att(t: int, roll: float = 0, pitch: float = 0, yaw: float = 0, *, ekf: int = 3) -> tuple[Any, ...]:
    return ("ATT", t, 0, round(roll * 100), 0, round(pitch * 100), 0, round(yaw * 100), 0, 0, ekf)


def pos(
    t: int, lat: float = HOME[0], lon: float = HOME[1], amsl: float = 50, above: float = 30
) -> tuple[Any, ...]:
    return ("POS", t, round(lat * 1e7), round(lon * 1e7), amsl, above, above)


def xkf4(t: int, core: int = 0, primary: int = 0, status: int = 831 | 1 << 16) -> tuple[Any, ...]:
    return ("XKF4", t, core, 11, 22, 33, 44, 55, 0.0, 0.0, 0.0, 0, 0, status, 0, primary)


def cmd(t: int, number: int, total: int = 4, command: int = 16) -> tuple[Any, ...]:
    return ("CMD", t, total, number, command, 0, 0, 0, 0, 0, 0, 0, 3)


def replayed(*rows: tuple[Any, ...]) -> list[Message]:
    return [frame for frame in frames_of_log(log_of(bytes(a_log(*rows).data))) if isinstance(frame, Message)]


def named(messages: Sequence[Message], name: str) -> list[Message]:
    return [message for message in messages if message.name == name]


def state_of(messages: Sequence[Frame]) -> VehicleState:
    state = VehicleState()
    for message in messages:
        assert isinstance(message, Message)
        state = fold(state, message)
    return state


COPTER = ("VER", 0, "ArduCopter V4.5.4 (fd1bcc61)", 2)


def test_every_row_that_is_made_is_one_of_its_message() -> None:
    rows = [gps(S), att(S), pos(S), xkf4(S), cmd(S, 1), COPTER]
    log = log_of(bytes(a_log(*rows).data))
    assert {name: len(table) for name, table in log.items() if name != "FMT"} == {row[0]: 1 for row in rows}
    assert log.bad_bytes == 0
