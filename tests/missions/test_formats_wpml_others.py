"""Other people's DJI waylines, after the example on DJI's page "waylines.wpml"."""

import io
import zipfile
from pathlib import Path

import pytest

from missions.errors import FormatError
from missions.formats import import_plan
from missions.items import Command


def written(folder: Path, data: bytes) -> Path:
    path = folder / "mission.kmz"
    path.write_bytes(data)
    return path


OTHERS = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:wpml="http://www.dji.com/wpmz/1.0.6"><Document>
<wpml:missionConfig><wpml:finishAction>goHome</wpml:finishAction></wpml:missionConfig>
{folders}
</Document></kml>"""
FOLDER = """<Folder><wpml:templateId>0</wpml:templateId>
<wpml:executeHeightMode>relativeToStartPoint</wpml:executeHeightMode><wpml:waylineId>{number}</wpml:waylineId>
<wpml:autoFlightSpeed>10</wpml:autoFlightSpeed>{marks}</Folder>"""
MARK = """<Placemark><Point><coordinates>
 {lon},52.0
</coordinates></Point><wpml:index>{index}</wpml:index><wpml:executeHeight>40</wpml:executeHeight>
<wpml:waypointSpeed>5</wpml:waypointSpeed>{more}</Placemark>"""
TIMED = """<wpml:actionGroup><wpml:actionGroupId>1</wpml:actionGroupId>
<wpml:actionGroupStartIndex>0</wpml:actionGroupStartIndex><wpml:actionGroupEndIndex>2</wpml:actionGroupEndIndex>
<wpml:actionGroupMode>sequence</wpml:actionGroupMode><wpml:actionTrigger>
<wpml:actionTriggerType>multipleTiming</wpml:actionTriggerType>
<wpml:actionTriggerParam>2</wpml:actionTriggerParam></wpml:actionTrigger>
<wpml:action><wpml:actionId>0</wpml:actionId><wpml:actionActuatorFunc>takePhoto</wpml:actionActuatorFunc>
</wpml:action></wpml:actionGroup>"""
SMOOTH = """<wpml:waypointHeadingParam><wpml:waypointHeadingMode>smoothTransition</wpml:waypointHeadingMode>
<wpml:waypointHeadingAngle>-45</wpml:waypointHeadingAngle></wpml:waypointHeadingParam>"""


def others(*folders: list[str]) -> bytes:
    text = "".join(
        FOLDER.format(
            number=number,
            marks="".join(
                MARK.format(lon=4 + 0.001 * index + 0.01 * number, index=index, more=more)
                for index, more in enumerate(marks)
            ),
        )
        for number, marks in enumerate(folders)
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("wpmz/waylines.wpml", OTHERS.format(folders=text))
        archive.writestr("wpmz/res/image/x.jpg", b"x")
    return packed.getvalue()


def test_other_waylines_are_read_one_after_another(tmp_path: Path) -> None:
    back = import_plan(written(tmp_path, others([TIMED, SMOOTH, ""], ["", ""])))
    assert [round(one.place.lon_deg, 3) for one in back.route] == [4.0, 4.001, 4.002, 4.01, 4.011]
    assert [one.recording for one in back.route] == [True, True, False, False, False]
    assert back.route[0].trigger_m == 10.0, "every two seconds at five metres a second"
    assert back.route[1].heading_deg == 315.0
    assert {one.speed_m_s for one in back.route} == {5.0}
    assert back.home is None
    assert (back.items[0].x, back.items[0].y) == (0.0, 0.0)
    assert back.items[1].command == Command.TAKEOFF


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        ([], "no waypoints"),
        ([TIMED, ""], "goes from waypoint 0 to 2 of 2"),
        ([TIMED.replace(">2<", ">1e8<"), ""], "goes from waypoint"),
        ([TIMED.replace(">2<", ">nan<"), ""], "no number"),
        (["<wpml:executeHeight/>", ""], None),
    ],
)
def test_waylines_that_make_no_sense_are_refused(tmp_path: Path, marks: list[str], told: str | None) -> None:
    path = written(tmp_path, others(marks))
    if told is None:
        assert import_plan(path).items
        return
    with pytest.raises(FormatError, match=told) as raised:
        import_plan(path)
    assert str(path) in raised.value.where
    assert raised.value.remedy


def test_action_groups_that_cover_each_other_are_bounded(tmp_path: Path) -> None:
    wide = TIMED.replace("EndIndex>2<", "EndIndex>1999<")
    path = written(tmp_path, others([wide * 1000, *[""] * 1999]))
    with pytest.raises(FormatError, match="does more than is read"):
        import_plan(path)


def test_a_mapping_template_without_waylines_says_what_to_do(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        polygon = "<Placemark><Polygon/></Placemark>"
        archive.writestr("wpmz/template.kml", OTHERS.format(folders=f"<Folder>{polygon}</Folder>"))
    with pytest.raises(FormatError, match="no waypoints") as raised:
        import_plan(written(tmp_path, packed.getvalue()))
    assert "Pilot 2" in raised.value.remedy


def test_a_file_taken_out_of_its_archive_says_where_it_belongs(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(others(["", ""]))) as archive:
        inside = archive.read("wpmz/waylines.wpml")
    with pytest.raises(FormatError, match=r"DJI wayline archive.*\.kmz"):
        import_plan(written(tmp_path, inside))
