"""`droneteam measure` takes figures, notes and names as people gave them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imaging.measure.asked import write_asked
from imaging.measure.measuring import Asked
from tests.ops.commanded import Droneteam, done, refused, told
from tests.ops.surveyed import Surveyed


@pytest.fixture
def marks(surveyed: Surveyed, tmp_path: Path) -> Path:
    """The marks under other names: two with dashes, one with a note, photos with a folder before them."""
    body = json.loads(surveyed.marks.read_text())
    names = {"A": "skid-1", "B": "skid-2"}
    for point in body["points"]:
        point["name"] = names.get(point["name"], point["name"])
        if point["name"] == "H":
            point["note"] = "kerb, near side"
        for mark in point["marks"]:
            mark["photo"] = f"card/{mark['photo']}"
    path = tmp_path / "named.json"
    path.write_text(json.dumps(body))
    return path


def measured(inside: Droneteam, scene: Path, marks: Path, *more: str) -> dict[str, Any]:
    return told(inside("measure", scene, "--marks", marks, "--no-matching", "--json", *more))


def test_without_figures_those_of_the_page_are_taken_with_their_notes(
    inside: Droneteam, scene: Path, marks: Path
) -> None:
    asked = (
        Asked("distance", ("skid-1", "skid-2"), "left skid mark"),
        Asked("area", ("E", "F", "G"), ""),
    )
    write_asked(scene / "figures.json", asked)
    found = [
        (each["kind"], tuple(each["letters"]), each["note"])
        for each in measured(inside, scene, marks)["figures"]
    ]
    assert found == [(each.kind, each.letters, each.note) for each in asked]
    named = measured(inside, scene, marks, "--height", "skid-1-H")["figures"]
    assert [(each["kind"], each["letters"]) for each in named] == [("height difference", ["skid-1", "H"])]


def test_a_note_of_a_mark_stands_in_the_measurement_and_on_the_sheet(
    inside: Droneteam, scene: Path, marks: Path
) -> None:
    given = ("--note", "E=front wheel", "--note", "H=kerb = datum")
    body = measured(inside, scene, marks, *given)
    notes = {each["letter"]: each["note"] for each in body["marks"] if each["note"]}
    assert notes == {"E": "front wheel", "H": "kerb = datum"}
    assert "kerb, near side" in done(inside("measure", scene, "--marks", marks, "--no-matching"))
    for wrong, words in (("Q=x", "the marks are"), ("E", "A=TEXT"), (f"E={'x' * 600}", "longer than 500")):
        result = inside("measure", scene, "--marks", marks, "--no-matching", "--note", wrong)
        refused(result, "--note", words)


def test_a_name_that_can_be_read_in_two_ways_is_refused(inside: Droneteam, scene: Path, marks: Path) -> None:
    body = json.loads(marks.read_text())
    more = [
        {**body["points"][4], "name": "skid"},
        {**body["points"][5], "name": "1-skid-2"},
    ]
    marks.write_text(json.dumps({**body, "points": [*body["points"], *more]}))
    result = inside("measure", scene, "--marks", marks, "--no-matching", "--distance", "skid-1-skid-2")
    refused(result, "can be read as 'skid' and '1-skid-2' or as 'skid-1' and 'skid-2'")
