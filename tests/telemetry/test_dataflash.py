"""An onboard log in columns holds what was logged, whatever happened to the file."""

from __future__ import annotations

import math
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymavlink.DFReader import DFReader_binary

from missions.errors import FormatError, InputError
from telemetry.dataflash import bin_summary, frames_of_log, log_of, read_bin
from telemetry.dataflash.formats import CODES, format_from_body
from telemetry.dataflash.units import Unit
from tests.telemetry.test_dataflash_writer import STRUCTS, LogWriter, any_value, flown_log


def test_every_format_character_is_read_as_it_was_written() -> None:
    random_ = random.Random(2)
    writer = LogWriter()
    written: dict[str, list[Any]] = {}
    for letter in STRUCTS:
        writer.define(f"T{letter}", letter, "V")
        written[letter] = [any_value(letter, random_) for _ in range(50)]
        for value in written[letter]:
            writer.write(f"T{letter}", value)
    log = log_of(bytes(writer.data))
    assert set(STRUCTS) == set(CODES)
    assert (log.bad_bytes, log.records) == (0, len(writer.starts))
    for letter, values in written.items():
        assert log[f"T{letter}"]["V"].tolist() == values


def test_every_value_is_scaled_as_pymavlink_scales_it(tmp_path: Path) -> None:
    random_ = random.Random(3)
    writer = LogWriter()
    letters = [letter for letter in STRUCTS if letter not in "aMnNZ"]
    for letter in letters:
        writer.define(f"T{letter}", f"Q{letter}", "TimeUS,V")
        for time_us in range(200):
            writer.write(f"T{letter}", time_us, any_value(letter, random_))
    path = writer.save(tmp_path / "made.bin")
    log = read_bin(path)
    reader = DFReader_binary(str(path))
    told: dict[str, list[Any]] = {}
    while (message := reader.recv_msg()) is not None:
        if message.get_type() != "FMT":
            told.setdefault(message.get_type(), []).append(message.V)
    reader.close()
    assert {f"T{letter}": log.scaled(f"T{letter}", "V").tolist() for letter in letters} == told


def test_hundredths_and_degrees_are_scaled_and_all_else_is_as_it_was_logged() -> None:
    writer = LogWriter()
    writer.define("ONE", "QcCeELHfM", "TimeUS,c,C,e,E,L,H,f,M")
    writer.write("ONE", 5, -1234, 65535, -100, 100, 521273001, 7, 0.5, 200)
    log = log_of(bytes(writer.data))
    scaled = [log.scaled("ONE", field)[0] for field in log.formats["ONE"].fields]
    assert scaled == [5, -12.34, 655.35, -1.0, 1.0, 52.1273001, 7, 0.5, 200]
    assert log["ONE"]["L"][0] == 521273001


def test_units_are_those_that_the_log_names() -> None:
    writer = LogWriter()
    gps = writer.define("GPS", "QIcLf", "TimeUS,GMS,HDop,Lat,Alt")
    writer.define("UNIT", "QbZ", "TimeUS,Id,Label")
    writer.define("MULT", "Qbd", "TimeUS,Id,Mult")
    writer.define("FMTU", "QBNN", "TimeUS,FmtType,UnitIds,MultIds")
    for mark, label in (("s", "s"), ("D", "deglatitude"), ("m", "m"), ("-", ""), ("?", "UNKNOWN")):
        writer.write("UNIT", 0, ord(mark), label)
    single = struct.unpack("<f", struct.pack("<f", 1e-6))[0]
    for mark, factor in (("F", single), ("C", 1e-3), ("G", 1e-7), ("0", 1.0), ("B", 1e-2)):
        writer.write("MULT", 0, ord(mark), factor)
    writer.write("FMTU", 0, gps, "ss-Dm", "FCBG?")
    writer.write("GPS", 0, 0, 0, 0, 0)
    log = log_of(bytes(writer.data))
    assert log.unit("GPS", "TimeUS") == Unit("s", 1e-6)
    assert log.unit("GPS", "GMS") == Unit("s", 1e-3)
    assert log.unit("GPS", "HDop") is None
    assert log.unit("GPS", "Lat") == Unit("deglatitude", 1.0), "the scale of L is not counted twice"
    assert log.unit("GPS", "Alt") == Unit("m", 1.0)
    assert log.unit("UNIT", "Label") is None
    with pytest.raises(KeyError, match="GPS has no field Speed"):
        log.unit("GPS", "Speed")


def test_what_follows_a_type_s_new_description_is_read_by_that() -> None:
    writer = LogWriter()
    writer.define("ONE", "QB", "TimeUS,V", number=7)
    writer.write("ONE", 1, 2)
    writer.define("ONE", "QB", "TimeUS,V", number=7)
    writer.write("ONE", 3, 4)
    writer.define("ONE", "Qf", "TimeUS,V", number=7)
    writer.write("ONE", 5, 0.5)
    writer.define("TWO", "QI", "TimeUS,W", number=7)
    writer.write("TWO", 6, 7)
    writer.define("ONE", "QB", "TimeUS,V", number=7)
    writer.write("ONE", 8, 9)
    log = log_of(bytes(writer.data))
    assert log["ONE"].tolist() == [(1, 2), (3, 4), (8, 9)]
    assert log["ONE#2"].tolist() == [(5, 0.5)]
    assert log["TWO"].tolist() == [(6, 7)]
    assert log.places("ONE").tolist() == [writer.starts[place] for place in (2, 4, 10)]
    assert log.bad_bytes == 0


@pytest.mark.parametrize(
    ("letters", "length"),
    [("QB", 11), ("QB", 13), ("Qx", 12), ("QB\xe9", 12), ("", 9), ("QZZZZ", 20)],
    ids=["short", "long", "unknown", "not ascii", "no fields", "longer than a byte can say"],
)
def test_a_description_that_lies_leaves_its_records_raw_and_all_others_right(
    letters: str, length: int
) -> None:
    writer = LogWriter()
    writer.define("GOOD", "QB", "TimeUS,V", number=1)
    body = struct.pack("<BB4s16s64s", 2, length, b"LIE", letters.encode("latin-1"), b"TimeUS,V")
    writer.data += b"\xa3\x95\x80" + body
    lies = [random.Random(seed).randbytes(length - 3).replace(b"\xa3", b"\0") for seed in range(5)]
    for number, lie in enumerate(lies):
        writer.write("GOOD", number, 1)
        writer.data += b"\xa3\x95\x02" + lie
    log = log_of(bytes(writer.data))
    assert log["GOOD"]["TimeUS"].tolist() == [0, 1, 2, 3, 4]
    assert [row.tobytes() for row in log["LIE"]["raw"]] == lies
    assert log.scaled("LIE", "raw").shape == (5, length - 3)


@pytest.mark.parametrize("length", [0, 1, 2])
def test_a_record_shorter_than_its_head_is_none(length: int) -> None:
    writer = LogWriter()
    writer.define("LIE", "", "", number=2, length=length)
    writer.data += b"\xa3\x95\x02" * 5
    log = log_of(bytes(writer.data))
    assert list(log) == ["FMT"]
    assert log.bad_bytes == 15


def test_a_record_without_fields_is_counted() -> None:
    writer = LogWriter()
    writer.define("TICK", "", "", number=2)
    writer.data += b"\xa3\x95\x02" * 5
    log = log_of(bytes(writer.data))
    assert len(log["TICK"]) == 5
    assert log.bad_bytes == 0


@pytest.mark.parametrize(
    ("listed", "fields"),
    [
        ("A,B,C", ("A", "B", "C")),
        ("A,B", ("A", "B", "field_2")),
        ("A,B,C,D", ("A", "B", "C")),
        ("A,A,", ("A", "field_1", "field_2")),
        ("A,\xff,C-1", ("A", "field_1", "field_2")),
        ("", ("field_0", "field_1", "field_2")),
    ],
)
def test_each_field_has_a_name(listed: str, fields: tuple[str, ...]) -> None:
    body = struct.pack("<BB4s16s64s", 9, 6, b"X\xff", b"BBB", listed.encode("latin-1"))
    described = format_from_body(body)
    assert (described.name, described.fields, described.dtype.names) == ("TYPE_9", fields, fields)


def test_texts_end_at_their_first_nul_and_bytes_keep_what_was_logged() -> None:
    writer = LogWriter()
    writer.define("MSG", "QZ", "TimeUS,Message")
    writer.write("MSG", 1, b"hello\0rest")
    writer.write("MSG", 2, b"caf\xe9")
    writer.write("MSG", 3, "x" * 64)
    log = log_of(bytes(writer.data))
    assert log.texts("MSG", "Message") == ["hello", "caf�", "x" * 64]
    assert log["MSG"]["Message"][0] == b"hello\0rest"


@pytest.mark.parametrize(
    "content", [b"", b"x", b"FMT, 128, 89, FMT, BBnNZ" * 9, bytes(9000), b"\xa3\x95" * 500]
)
def test_what_is_no_log_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"holiday\.jpg.*no onboard log"):
        read_bin(path)


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.bin.*cannot be read"):
        read_bin(tmp_path / "gone.bin")


def test_no_bytes_are_no_messages() -> None:
    log = log_of(b"")
    assert (len(log), log.records, log.bad_bytes) == (0, 0, 0)
    assert list(frames_of_log(log)) == []


def test_the_summary_tells_what_there_is(tmp_path: Path) -> None:
    path = flown_log().save(tmp_path / "00000001.BIN")
    with path.open("ab") as file:
        file.write(b"\xa3\x95\x01\x02\x03")
    summary = bin_summary(path)
    assert (summary.firmware, summary.kind) == ("ArduCopter V4.5.4 (fd1bcc61)", "copter")
    assert (summary.records, summary.bad_bytes) == (14 + 5 + 64, 5)
    assert summary.messages["GPS"] == 8
    assert next(iter(summary.messages)) == "FMT"
    assert (summary.boot_began_s, summary.boot_ended_s) == (0.001, 0.702)
    assert summary.duration_s == pytest.approx(0.701)
    assert summary.began_s is not None
    assert summary.began_s == pytest.approx(315964800 - 18 + 2446 * 604800 + 1.0 - 0.002 + 0.001)


def test_a_log_without_times_has_no_begin(tmp_path: Path) -> None:
    writer = LogWriter()
    summary = bin_summary(writer.save(tmp_path / "x.bin"))
    assert (summary.boot_began_s, summary.began_s, summary.duration_s) == (None, None, 0.0)
    assert (summary.firmware, summary.kind) == ("", None)


def test_infinite_and_no_numbers_stay_what_they_are() -> None:
    writer = LogWriter()
    writer.define("X", "fdg", "A,B,C")
    writer.write("X", math.nan, math.inf, math.nan)
    row = log_of(bytes(writer.data))["X"][0]
    assert np.isnan(row["A"])
    assert np.isinf(row["B"])
    assert np.isnan(row["C"])
