"""Decisions on finds: by somebody, for a reason, with their history, and carried into a later run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from imaging.finds import Finds
from imaging.thermal.find import Decision
from imaging.thermal.reviewing import decided, find_in, history_of, read_finds, write_finds
from missions.errors import FormatError, InputError
from tests.imaging.test_finds import example

CONFIRMED = Decision("confirmed", "Ann de Vries", "seen from the ground", "2026-05-01T12:00:00Z")
DISMISSED = Decision("dismissed", "Bob", "a calf", "2026-05-01T12:30:00Z")


def apart(count: int) -> Finds:
    """Finds of which each has a spot of its own in the frame."""
    finds = example(count)
    moved = []
    for number, find in enumerate(finds.finds):
        spot = replace(find.clearest.spot, col=50.0 + 60 * number)
        seen = replace(find.clearest, spot=spot)
        moved.append(replace(find, sightings=(seen,), clearest=seen))
    return replace(finds, finds=tuple(moved))


def test_a_decision_changes_the_state_and_stays_in_the_history(tmp_path: Path) -> None:
    path = tmp_path / "finds.geojson"
    example(2).write(path)
    before = read_finds(path)
    once = decided(before, "find-001", CONFIRMED)
    write_finds(path, decided(once, "find-001", DISMISSED))
    found = find_in(read_finds(path), "find-001")
    assert found["state"] == "dismissed"
    assert history_of(found) == (CONFIRMED, DISMISSED)
    assert find_in(read_finds(path), "find-002")["state"] == "proposed"
    assert find_in(before, "find-001")["state"] == "proposed"


@pytest.mark.parametrize(
    "decision", [replace(CONFIRMED, by=" "), replace(CONFIRMED, why=""), replace(CONFIRMED, by="a\nb")]
)
def test_nobody_decides_without_a_name_and_a_reason(decision: Decision, tmp_path: Path) -> None:
    example(1).write(tmp_path / "f.geojson")
    with pytest.raises(InputError):
        decided(read_finds(tmp_path / "f.geojson"), "find-001", decision)


def test_a_find_that_is_not_there_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    example(2).write(tmp_path / "f.geojson")
    with pytest.raises(InputError, match="find-001, find-002"):
        decided(read_finds(tmp_path / "f.geojson"), "find-009", CONFIRMED)
    for text in ("no json", "[]", '{"features": 3}', "\xff\xfe"):
        (tmp_path / "g.geojson").write_bytes(text.encode("latin-1"))
        with pytest.raises(FormatError):
            read_finds(tmp_path / "g.geojson")


def test_a_later_run_keeps_decisions_on_the_same_things_under_whatever_name() -> None:
    old = json.loads(json.dumps(apart(3).geojson()))
    old = decided(decided(old, "find-001", CONFIRMED), "find-003", DISMISSED)
    new = apart(3)
    renamed = tuple(replace(f, id=f"find-{n:03d}") for n, f in enumerate(reversed(new.finds), 1))
    kept = replace(new, finds=renamed).with_decisions(old)
    assert [find.state for find in kept.finds] == ["dismissed", "proposed", "confirmed"]
    assert kept.finds[0].history == (DISMISSED,)
    assert kept.geojson()["features"][0]["properties"]["history"][0]["by"] == "Bob"


def test_a_decision_whose_find_is_gone_is_told_and_not_lost_silently() -> None:
    old = decided(json.loads(json.dumps(apart(3).geojson())), "find-003", DISMISSED)
    kept = apart(2).with_decisions(old)
    assert all(find.state == "proposed" for find in kept.finds)
    assert kept.notes == ("find-003 of an earlier run, dismissed by Bob, is not among these",)
    other = replace(apart(3).finds[2].clearest, sha256="f" * 64)
    elsewhere = replace(apart(3), finds=(replace(apart(3).finds[2], sightings=(other,)),))
    assert elsewhere.with_decisions(old).finds[0].state == "proposed"


def test_decisions_kept_elsewhere_come_after_those_in_the_document() -> None:
    old = decided(json.loads(json.dumps(apart(1).geojson())), "find-001", CONFIRMED)
    kept = apart(1).with_decisions(old, {"find-001": (DISMISSED,)})
    assert kept.finds[0].history == (CONFIRMED, DISMISSED)
