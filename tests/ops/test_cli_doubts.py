"""What is to be minded of a mark goes with it: to the measurement, the speed that rests on it, the sheet."""

from __future__ import annotations

import json
from pathlib import Path

from tests.ops.commanded import Droneteam, done, refused, told
from tests.ops.surveyed import Surveyed, write_points
from tests.ops.test_cli_sheet import printed

OFF_PX = 40.0
SKID = ("tyre-marks", "skid", "--friction", "0.6..0.8", "-m", "scene")


def test_a_mark_that_was_left_out_is_told_wherever_its_place_is_used(
    inside: Droneteam, scene: Path, surveyed: Surveyed, tmp_path: Path
) -> None:
    points = json.loads(surveyed.marks.read_text())["points"]
    marked = next(each for each in points if each["name"] == "B")["marks"]
    assert len(marked) >= 5
    marked[0]["x_px"] += OFF_PX
    wrong, photos = marked[0]["photo"], [each["photo"] for each in marked[1:]]
    write_points(tmp_path / "m.json", points)

    body = told(inside("measure", scene, "--marks", "m.json", "--distance", "A-B", "--json"))
    other, mark = body["marks"][0], body["marks"][1]
    assert mark["doubt"].startswith(f"marked elsewhere in {wrong}")
    assert mark["note"].endswith(mark["doubt"])
    assert [each["photo"] for each in mark["photos"]] == photos
    assert [(each["photo"], each["x_px"]) for each in mark["left_out"]] == [(wrong, marked[0]["x_px"])]
    assert (other["doubt"], other["left_out"]) == ("", [])

    doubt = f"B: {mark['doubt']}"
    for taken in ("A-B", "A-B-C"):
        assert told(inside(*SKID, "--length", taken, "--json"))["doubts"] == [doubt]
    assert told(inside(*SKID, "--length", "A-C", "--json"))["doubts"] == []
    arc = ("tyre-marks", "yaw", "--friction", "0.6..0.8", "-m", "scene", "--arc", "A-B-G")
    assert f"marked elsewhere in {wrong}" in done(inside(*arc))
    done(inside(*SKID, "--length", "A-B", "-o", "v.json"))
    for language, word in (("en", "Doubt"), ("nl", "Twijfel")):
        done(inside("sheet", scene, "--language", language, "--tyre-marks", "v.json"))
        assert f"{word}: {doubt}".replace(" ", "") in printed(scene / "sheet.pdf")

    older = json.loads((scene / "measurement.json").read_text())
    for each in older["marks"]:
        del each["doubt"], each["left_out"]
    (scene / "measurement.json").write_text(json.dumps(older))
    assert told(inside(*SKID, "--length", "A-B", "--json"))["doubts"] == []
    older["marks"][1]["doubt"] = 7
    (scene / "measurement.json").write_text(json.dumps(older))
    refused(inside(*SKID, "--length", "A-B"), "is no measurement", "a doubt is no text")


def test_marks_of_control_that_miss_one_another_are_told_with_the_scene_and_on_its_sheet(
    inside: Droneteam, surveyed: Surveyed, tmp_path: Path
) -> None:
    points = json.loads((surveyed.folder / "marks.json").read_text())["points"]
    many, few = sorted(
        (each for each in points if len(each["marks"]) >= 4), key=lambda each: -len(each["marks"])
    )[:2]
    few["marks"] = few["marks"][:3]
    for point in (many, few):
        point["marks"][0]["x_px"] += 5.0
    write_points(tmp_path / "m.json", points)
    photos, table = surveyed.folder / "photos", surveyed.folder / "points.csv"
    made = inside("mosaic", photos, "-o", "new", "--quick", "--control", table, "--marks", "m.json")
    assert many["marks"][0]["photo"] in done(made)
    body = json.loads((tmp_path / "new" / "scene.json").read_text())
    wrong = body["accuracy"]["blunders"]
    assert [(each["name"], each["photo"]) for each in wrong] == [(many["name"], many["marks"][0]["photo"])]
    (doubt,) = body["control_doubts"]
    assert doubt.startswith(f"The marks of {few['name']} miss one another by up to ")
    assert doubt in " ".join(made.stderr.split())
    done(inside("sheet", "new"))
    text = printed(tmp_path / "new" / "sheet.pdf")
    assert doubt.replace(" ", "") in text
    assert wrong[0]["reason"].replace(" ", "") in text
