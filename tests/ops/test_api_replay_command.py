"""`droneteam replay` as a user runs it: an operation on the page, and one clear error for what is none."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.operations import Operation
from tests.ops.called import write_journal
from tests.ops.replayed import BEGIN_S, SECONDS, write_recording


def test_an_operation_is_replayed_from_where_it_was_asked(start: Callable[..., Any], tmp_path: Path) -> None:
    operation = Operation.create(tmp_path / "operation", "Missing on the heath", "missing-person")
    operation.add_file(write_recording(tmp_path / "flight.tlog"), "telemetry")
    running = start("replay", operation.folder, "--from", "+100", "--speed", "4", "--paused", "--port", "0")
    running.wait_until(lambda: "http://" in running.printed())
    with httpx.Client(base_url=running.printed().split()[0]) as client:
        line = client.get("/api/replay").json()
        assert line["now_s"] - BEGIN_S == pytest.approx(100, abs=0.01)
        assert line["end_s"] - line["begin_s"] == pytest.approx(SECONDS, abs=1)
        assert (line["speed"], line["playing"]) == (4, False)
        assert client.get("/api/operation").json()["name"] == "Missing on the heath"
    assert running.interrupt() == 130


def test_the_alarms_that_entered_an_operation_with_its_recording_are_shown(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    operation = Operation.create(tmp_path / "operation", "Missing on the heath", "missing-person")
    operation.add_file(write_recording(tmp_path / "flight.tlog", (1,)), "telemetry")
    operation.add_file(write_journal(tmp_path), "telemetry")
    running = start("replay", operation.folder, "--from", "+140", "--paused", "--port", "0")
    running.wait_until(lambda: "http://" in running.printed())
    with httpx.Client(base_url=running.printed().split()[0]) as client:
        found = client.get("/api/alarms").json()
    assert found["replayed"]["source"] == "recorded"
    assert [(each["rule"], each["who"]) for each in found["active"]] == [("fence_breach", "Ann")]
    assert running.interrupt() == 130
    operation = Operation.open(operation.folder)
    assert operation.strangers() == (), "nothing was written"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.tlog"], "missing.tlog"),
        (["."], "no recording in it"),
        (["flight.tlog", "--from", "yesterday"], "'yesterday' is no time"),
        (["flight.tlog", "--headless"], "no page and no link"),
        (["flight.tlog", "--speed", "61"], "--speed"),
    ],
)
def test_what_cannot_be_replayed_is_one_clear_error(
    droneteam: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    arguments: list[str],
    said: str,
) -> None:
    if arguments[0] == "flight.tlog":
        write_recording(tmp_path / "flight.tlog", (1,))
    ended = droneteam("replay", *arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
