"""A plan written is the plan read."""

import json
from pathlib import Path
from typing import Any

import pytest

from missions.errors import FormatError, InputError, OutputError
from missions.plan import Plan
from missions.plan_file import json_from_plan, plan_from_json, read_plan, write_plan


def test_a_plan_reads_back_equal(tmp_path: Path, plan: Plan, plane_plan: Plan) -> None:
    for one in (plan, plane_plan):
        path = tmp_path / "search.plan.json"
        write_plan(one, path)
        assert read_plan(path) == one
        assert list(tmp_path.iterdir()) == [path]


def test_a_plan_of_another_version_is_refused_by_number(plan: Plan) -> None:
    document = json.loads(json_from_plan(plan))
    document["version"] = 7
    with pytest.raises(FormatError, match="version 7; this program reads up to version 2") as raised:
        plan_from_json(json.dumps(document), "old.json")
    assert raised.value.where == "old.json"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": "other"}', '"droneteam-plan"', "[" * 99_999]
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="no Droneteam plan"):
        plan_from_json(text, "here")


def altered(plan: Plan, *path: str | int, value: Any) -> str:
    document = json.loads(json_from_plan(plan))
    place = document["plan"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("route", 3, "place", "lat_deg"), 95.0, r"plan.route\[3\].place: latitude 95.0"),
        (("route", 3, "place", "lat_deg"), float("nan"), r"plan.route\[3\].place.lat_deg"),
        (("route", 0, "height_relative_m"), "60", r"plan.route\[0\].height_relative_m is '60'"),
        (("route", 0, "recording"), 1, "recording is '1', which is no bool"),
        (("route",), {}, "plan.route is '{}', which is no list"),
        (("totals", "lanes"), 2.5, "lanes is '2.5', which is no int"),
        (("totals", "lanes"), True, "lanes is 'True', which is no int"),
        (("findings", 0, "severity"), "fine", "severity is 'fine'"),
        (("aircraft", "wings"), 2, "unknown keys: wings"),
        (("camera",), None, "plan.camera is 'None'"),
        (("versions",), {"geos": 3}, "versions.geos"),
    ],
)
def test_a_changed_plan_is_refused_with_the_place(plan: Plan, path: Any, value: Any, told: str) -> None:
    with pytest.raises(FormatError, match=told) as raised:
        plan_from_json(altered(plan, *path, value=value), "here.json")
    assert raised.value.where == "here.json"


def test_a_plan_cut_short_is_refused(tmp_path: Path, plan: Plan) -> None:
    text = json_from_plan(plan)
    path = tmp_path / "cut.json"
    path.write_text(text[: len(text) // 2])
    with pytest.raises(FormatError, match="no Droneteam plan"):
        read_plan(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="no Droneteam plan"):
        read_plan(path)


def test_a_plan_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.json"):
        read_plan(tmp_path / "absent.json")


def test_a_folder_that_cannot_be_written_leaves_nothing(tmp_path: Path, plan: Plan) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(OutputError):
        write_plan(plan, blocked / "plan.json")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
