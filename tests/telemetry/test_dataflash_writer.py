"""A writer of onboard logs for the tests, and the proof that others read what it writes."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Any

from pymavlink.DFReader import DFReader_binary

STRUCTS = {
    "a": "32h",
    "b": "b",
    "B": "B",
    "h": "h",
    "H": "H",
    "i": "i",
    "I": "I",
    "q": "q",
    "Q": "Q",
    "g": "e",
    "f": "f",
    "d": "d",
    "n": "4s",
    "N": "16s",
    "Z": "64s",
    "c": "h",
    "C": "H",
    "e": "i",
    "E": "I",
    "L": "i",
    "M": "B",
}
"""What each format character is in `struct`, little-endian."""


class LogWriter:
    """Writes a log record by record: first `define` a message, then `write` its values as they are logged."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._types: dict[str, tuple[int, str]] = {}
        self._next = 1
        self.starts: list[int] = []
        self.define("FMT", "BBnNZ", "Type,Length,Name,Format,Columns", number=128)

    def define(
        self, name: str, letters: str, fields: str, *, number: int | None = None, length: int | None = None
    ) -> int:
        """Describe a message; `length` only to lie about it. Gives its type."""
        if number is None:
            number, self._next = self._next, self._next + 1
        self._types[name] = (number, letters)
        if length is None:
            length = 3 + struct.calcsize("<" + "".join(STRUCTS[letter] for letter in letters))
        body = struct.pack("<BB4s16s64s", number, length, name.encode(), letters.encode(), fields.encode())
        self._add(128, body)
        return number

    def write(self, name: str, *values: Any) -> None:
        """A record. Texts may be `str`."""
        number, letters = self._types[name]
        flat: list[Any] = []
        for letter, value in zip(letters, values, strict=True):
            flat += value if letter == "a" else [value.encode() if isinstance(value, str) else value]
        self._add(number, struct.pack("<" + "".join(STRUCTS[letter] for letter in letters), *flat))

    def save(self, path: Path) -> Path:
        """Write the log to a file."""
        path.write_bytes(self.data)
        return path

    def _add(self, number: int, body: bytes) -> None:
        self.starts.append(len(self.data))
        self.data += bytes((0xA3, 0x95, number)) + body


def any_value(letter: str, random_: random.Random) -> Any:
    """Any value that a format character can hold; numbers only that are none of NaN and infinity."""
    if letter in "nNZ":
        size = {"n": 4, "N": 16, "Z": 64}[letter]
        return bytes(random_.randrange(32, 127) for _ in range(random_.randrange(size + 1)))
    if letter in "gfd":
        code = STRUCTS[letter]
        return struct.unpack(f"<{code}", struct.pack(f"<{code}", random_.uniform(-6e4, 6e4)))[0]
    if letter == "a":
        return [random_.randrange(-32768, 32768) for _ in range(32)]
    size = struct.calcsize(f"<{STRUCTS[letter]}")
    raw = random_.choice(
        (random_.randbytes(size), b"\0" * size, b"\xff" * size, b"\xff" * (size - 1) + b"\x7f")
    )
    return struct.unpack(f"<{STRUCTS[letter]}", raw)[0]


def flown_log() -> LogWriter:
    """A log of the messages that a replay reads, a few of each."""
    writer = LogWriter()
    for name, letters, fields in (
        ("GPS", "QBBIHBcLLeffffB", "TimeUS,I,Status,GMS,GWk,NSats,HDop,Lat,Lng,Alt,Spd,GCrs,VZ,Yaw,U"),
        ("GPA", "QBCCCCfBI", "TimeUS,I,VDop,HAcc,VAcc,SAcc,YAcc,VV,SMS"),
        ("POS", "QLLfff", "TimeUS,Lat,Lng,Alt,RelHomeAlt,RelOriginAlt"),
        ("ATT", "QccC", "TimeUS,Roll,Pitch,Yaw"),
        ("MODE", "QMBB", "TimeUS,Mode,ModeNum,Rsn"),
        ("MSG", "QZ", "TimeUS,Message"),
        ("BAT", "QBff", "TimeUS,Inst,Volt,Curr"),
        ("CMD", "QHHH", "TimeUS,CTot,CNum,CId"),
        ("PARM", "QNf", "TimeUS,Name,Value"),
        ("XKF1", "QBfff", "TimeUS,C,VN,VE,VD"),
        ("XKF4", "QBcccccIb", "TimeUS,C,SV,SP,SH,SM,SVT,SS,PI"),
        ("UNIT", "QbZ", "TimeUS,Id,Label"),
        ("FMTU", "QBNN", "TimeUS,FmtType,UnitIds,MultIds"),
    ):
        writer.define(name, letters, fields)
    writer.write("MSG", 1000, "ArduCopter V4.5.4 (fd1bcc61)")
    writer.write("PARM", 1000, "SYSID_THISMAV", 7)
    writer.write("UNIT", 1000, ord("s"), "s")
    writer.write("FMTU", 1000, 1, "s", "F")
    writer.write("MODE", 1000, 3, 3, 1)
    for number in range(8):
        t = 2000 + number * 100_000
        writer.write(
            "GPS", t, 0, 6, 1000 + number * 100, 2446, 10, 121, 521273000, 52760000, 2000, 1, 2, 3, 0, 1
        )
        writer.write("GPA", t, 0, 200, 30, 30, 4, 0, 1, t // 1000)
        writer.write("XKF1", t, 0, 1.0, 2.0, -0.5)
        writer.write("XKF4", t, 0, 1, 1, 1, 1, 1, 831, 0)
        writer.write("POS", t, 521273000, 52760000, 20.0, 0.0, 0.0)
        writer.write("ATT", t, 10, -10, 9000)
        writer.write("BAT", t, 0, 12.6, 3.0)
        writer.write("CMD", t, 5, number % 5, 16)
    return writer


def small_log(random_: random.Random, records: int = 40) -> LogWriter:
    """A log of messages of random fields, their times among them."""
    writer = LogWriter()
    names = []
    for number in range(6):
        letters = "".join(random_.choice("bBhHiIqQgfdnNcCeELM") for _ in range(random_.randrange(1, 8)))
        names.append((f"M{number}", letters))
        fields = ",".join(f"F{place}" for place in range(len(letters)))
        writer.define(f"M{number}", f"Q{letters}", f"TimeUS,{fields}")
    for time_us in range(records):
        name, letters = random_.choice(names)
        writer.write(name, time_us * 1000, *(any_value(letter, random_) for letter in letters))
    return writer


def test_what_it_writes_others_read(tmp_path: Path) -> None:
    random_ = random.Random(1)
    writer = LogWriter()
    letters = [letter for letter in STRUCTS if letter not in "aM"]
    written = {}
    for letter in letters:
        writer.define(f"T{letter}", f"Q{letter}", "TimeUS,V")
        written[f"T{letter}"] = [(time_us, any_value(letter, random_)) for time_us in range(1, 30)]
        for values in written[f"T{letter}"]:
            writer.write(f"T{letter}", *values)
    reader = DFReader_binary(str(writer.save(tmp_path / "made.bin")))
    reader._apply_multiplier = False
    told: dict[str, list[Any]] = {}
    while (message := reader.recv_msg()) is not None:
        if message.get_type() != "FMT":
            message._apply_multiplier = False
            value = message.V.encode() if isinstance(message.V, str) else message.V
            told.setdefault(message.get_type(), []).append((message.TimeUS, value))
    reader.close()
    assert told == written
