"""Surveyors' tables and OpenDroneMap's list are read as meant; what is wrong is named with its line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pyproj import CRS

from imaging.control.files import read_control
from imaging.control.lines import LIMIT_BYTES
from imaging.control.points import Listed, Role
from missions.errors import FormatError, InputError, SettingsError

TABLE = """# EPSG:32632+5773
name,easting,northing,height,sigma_horizontal_m,sigma_up_m,role
P1,314123.456,5780123.456,12.345,0.012,0.025,control
P2,314223.5,5780123.25,12.5,0.012,0.025,check
P3,314223.75,5780223.125,-0.25,,,
"""
READ = (
    Listed("P1", 314123.456, 5780123.456, 12.345, 0.012, 0.025, Role.CONTROL, 3),
    Listed("P2", 314223.5, 5780123.25, 12.5, 0.012, 0.025, Role.CHECK, 4),
    Listed("P3", 314223.75, 5780223.125, -0.25, None, None, Role.CONTROL, 5),
)
GCP_LIST = """+proj=utm +zone=10 +ellps=WGS84 +datum=WGS84 +units=m +no_defs
544256.7 5320919.9 5 3044 2622 IMG_0525.jpg
544157.7 5320899.2 5 4193 1552 IMG_0585.jpg
544033.4 5320876.0 5 1606 2763 IMG_0690.jpg
"""
"""The example of OpenDroneMap's documentation."""


def written(folder: Path, text: str | bytes, name: str = "control.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_table_is_read_as_it_stands(tmp_path: Path) -> None:
    control = read_control(written(tmp_path, TABLE))
    assert control.listed == READ
    assert [point.name for point in control.points] == ["P1", "P2", "P3"]
    assert {point.height_reference for point in control.points} == {"egm96"}
    assert [point.role for point in control.points] == [Role.CONTROL, Role.CHECK, Role.CONTROL]
    assert (control.points[0].sigma_horizontal_m, control.points[0].sigma_up_m) == (0.012, 0.025)
    assert (control.points[2].sigma_horizontal_m, control.points[2].sigma_up_m) == (0.02, 0.03)
    (finding,) = control.findings
    assert finding.text.startswith("Nothing tells how accurate the figures of P3 are: 0.02 m horizontally")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace(",", ";").replace(".", ",").replace("EPSG", "epsg"),
        lambda text: text.replace(",", "\t").replace(".", ","),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("P1", '"P1"').replace(",", " , "),
        lambda text: text.replace("easting", "X [m]").replace("northing", "Y_m").replace("name", "Label"),
        lambda text: (
            text.replace("easting", "East (m)").replace("height", "Elevation").replace("name", "Point")
        ),
        lambda text: text.replace("# EPSG:32632+5773", "# crs: EPSG:32632+5773"),
        lambda text: text.replace(",control", ", GCP").replace("check", "CHECK"),
    ],
)
def test_the_same_table_is_read_in_every_dress(tmp_path: Path, change: Callable[[str], str]) -> None:
    assert read_control(written(tmp_path, change(TABLE))).listed == READ


def test_utf_16_and_blank_lines_and_comments_are_read(tmp_path: Path) -> None:
    text = TABLE.replace("P2,", "\n# measured again\n;;\nP2,").replace(";;", ",,,,,,")
    names = [one.name for one in read_control(written(tmp_path, text.encode("utf-16"))).listed]
    assert names == ["P1", "P2", "P3"]


def test_opendronemaps_own_table_is_read(tmp_path: Path) -> None:
    """GCP Editor Pro's columns: northing before easting."""
    text = "GCP Label,Northing,Easting,Elevation\ngcp01,5780123.456,314123.456,8.465\n"
    control = read_control(written(tmp_path, text), system="EPSG:32632")
    assert control.listed == (Listed("gcp01", 314123.456, 5780123.456, 8.465, line=2),)


def test_longitude_and_latitude_are_read_by_their_heads(tmp_path: Path) -> None:
    text = "# EPSG:4979\nname,lat,lon,h\nP1,52.1,6.25,43.5\n"
    (point,) = read_control(written(tmp_path, text)).points
    assert (point.lat_deg, point.lon_deg, point.height_m) == (52.1, 6.25, 43.5)


def test_columns_that_mean_nothing_are_said(tmp_path: Path) -> None:
    text = TABLE.replace("role", "Satellites").replace("control", "17").replace("check", "18")
    findings = read_control(written(tmp_path, text)).findings
    assert any("'Satellites'" in finding.text for finding in findings)


def test_a_site_frame_gives_site_points(tmp_path: Path) -> None:
    text = "name,x,y,z\nA,0,0,0\nB,10.004,0,\n"
    control = read_control(written(tmp_path, text), system="local")
    assert control.points == ()
    assert [(p.name, p.x_m, p.y_m, p.z_m) for p in control.site_points] == [
        ("A", 0.0, 0.0, 0.0),
        ("B", 10.004, 0.0, None),
    ]


HEAD = "name,x,y,z,sigma_h,sigma_v,role\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("P1,abc,2,3,,,", ["line 2", "x 'abc' is no number"]),
        ("P1,nan,2,3,,,", ["line 2", "x 'nan' is no number"]),
        ("P1,1,inf,3,,,", ["y 'inf' is no number"]),
        ("P1,1,1e999,3,,,", ["y '1e999'"]),
        ("P1,1,2,3,-0.01,,", ["sigma horizontal -0.01 must be above 0"]),
        ("P1,1,2,3,0,,", ["sigma horizontal 0 must be above 0"]),
        ("P1,1,2,3,,1e6,", ["sigma up 1e+06"]),
        ("P1,1,2,3,,,boss", ["role 'boss' is neither control nor check"]),
        (",1,2,3,,,", ["name is missing"]),
        ("P1,,2,3,,,", ["x is missing"]),
        ("P1,1,2", ["has 3 columns, the heads 7"]),
        ("P1,155000,12,463000,34,3,,,,", ["has 10 columns", "decimal comma"]),
        ("P" * 101 + ",1,2,3,,,", ["longer than 100 characters"]),
        ("P\x07,1,2,3,,,", ["cannot be printed"]),
        ('"P1,1,2,3,,,', ["line 2", "quote"]),
        ("P1,0x10,2,3,,,", ["'0x10' is no number"]),
        ("P1,1_000,2,3,,,", ["'1_000' is no number"]),
        ("P1,1 000,2,3,,,", ["'1 000' is no number"]),
        ("P1,\u0661,2,3,,,", ["is no number"]),
        ("P1,=1+1,2,3,,,", ["is no number"]),
        ("P1,52\u00b010'33,2,3,,,", ["is no number"]),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, words: list[str]) -> None:
    path = written(tmp_path, HEAD + line + "\n")
    with pytest.raises(InputError) as refused:
        read_control(path, system="EPSG:32632")
    for word in [*words, str(path)]:
        assert word in str(refused.value)


def test_every_bad_line_is_named_at_once(tmp_path: Path) -> None:
    lines = [f"P{number},{'x' if number % 2 else number},2,3,,,\n" for number in range(1, 41)]
    with pytest.raises(FormatError) as refused:
        read_control(written(tmp_path, HEAD + "".join(lines)), system="EPSG:32632")
    assert "line 2:" in str(refused.value)
    assert "line 4:" in str(refused.value)
    assert "and 12 more lines" in str(refused.value)


def test_a_name_that_stands_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="line 4: 'P1' stands in line 2 too"):
        read_control(written(tmp_path, HEAD + "P1,1,2,3,,,\nP2,1,2,3,,,\nP1,5,6,7,,,\n"), system="EPSG:32632")


@pytest.mark.parametrize(
    ("text", "system", "words"),
    [
        ("", None, "empty"),
        ("\n\n# EPSG:4326\n", None, "empty"),
        ("name,x,y\n", "EPSG:4326", "nothing below"),
        ("name,x,z\nP1,1,2\n", "EPSG:4326", "no column for y"),
        ("name,estaing,northing\nP1,1,2\n", "EPSG:32632", "is it 'easting'"),
        ("P1,1,2,3\n", "EPSG:32632", "no column for name"),
        ("name,x,y,lon\nP1,1,2,3\n", "EPSG:4326", "both 'x' and 'lon'"),
        ("name,x,y\nP1,1,2\n", None, "no coordinate system"),
        ("# EPSG:4326\nname,x,y\nP1,1,2\n", "EPSG:32632", "by its own words"),
        ("# EPSG:99\nname,x,y\nP1,1,2\n", None, "no coordinate system"),
        ("# EPSG:32632\nname,lon,lat\nP1,1,2\n", None, "has a column 'lon'"),
        ("# EPSG:4326\nname,easting,northing\nP1,1,2\n", None, "has a column 'easting'"),
        ("# EPSG:4326\nname,x,y\nP1,500000,5000000\n", None, "line 3: P1"),
        ("name;x;y\nP1;1.000,5;2\n", "EPSG:32632", "without marks between thousands"),
        ("name;x;y\nP1;1000,5;2\nP2;1000.5;3\n", "EPSG:32632", "decimal commas .line 2. and points .line 3."),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(
    tmp_path: Path, text: str, system: str | None, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        read_control(written(tmp_path, text), system=system)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00",
        b"\x80\x81,\x82",
        b"name,x,y\nP1,1\x00,2\n",
        b"name,x,y\n" + b"9" * 3000 + b",1,2\n",
        b"name,x,y\n" + b"P,1,2\n" * 120_000,
        b"a" * (LIMIT_BYTES + 1),
        b'"' * 1900,
        b",,,,\n",
        b"\xef\xbb\xbf",
        bytes(range(256)),
    ],
    ids=[
        "half utf-16",
        "latin",
        "nul",
        "long line",
        "many lines",
        "large",
        "quotes",
        "commas",
        "bom",
        "bytes",
    ],
)
@pytest.mark.parametrize("name", ["control.csv", "gcp_list.txt"])
def test_hostile_files_are_one_clear_error(tmp_path: Path, data: bytes, name: str) -> None:
    with pytest.raises(InputError) as refused:
        read_control(written(tmp_path, data, name), system="EPSG:32632")
    assert len(str(refused.value)) < 2000


def test_a_folder_a_pipe_and_nothing_are_no_files(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(InputError):
            read_control(path)


def test_random_tables_come_back_to_the_last_digit(tmp_path: Path) -> None:
    random = np.random.default_rng(12)
    for trial in range(30):
        delimiter, comma = [(",", "."), (";", ","), ("\t", ","), (";", ".")][trial % 4]
        wanted, rows = [], [delimiter.join(["y", "role", "name", "sigma_v", "x", "z", "sigma_h"])]
        for number in range(int(random.integers(1, 40))):
            x, y = random.uniform(2e5, 8e5), random.uniform(1e6, 8e6)
            z = None if random.random() < 0.2 else float(random.normal(0, 50))
            up = None if random.random() < 0.3 else float(random.uniform(1e-3, 2))
            role = Role.CHECK if random.random() < 0.3 else Role.CONTROL
            one = Listed(f"Punt {number} é", x, y, z, None, up, role, number + 2)
            wanted.append(one)
            cells = [repr(y), role.value, one.name, up, repr(x), z, None]
            text = ["" if c is None else str(c).replace(".", comma) if i in {0, 3, 4, 5} else str(c)
                    for i, c in enumerate(cells)]  # fmt: skip
            rows.append(delimiter.join(text))
        path = written(tmp_path, "\r\n".join(rows), f"{trial}.csv")
        assert read_control(path, system="EPSG:32632", heights="nap").listed == tuple(wanted)


# OpenDroneMap's list.


def test_opendronemaps_example_is_read_half_a_pixel_on(tmp_path: Path) -> None:
    control = read_control(written(tmp_path, GCP_LIST, "gcp_list.txt"))
    assert [point.name for point in control.marked] == ["point 1", "point 2", "point 3"]
    mark = control.marked[0].marks[0]
    assert (mark.photo, mark.x_px, mark.y_px) == ("IMG_0525.jpg", 3044.5, 2622.5)
    assert control.points[0].lat_deg == pytest.approx(48.04, abs=0.01)


def test_marks_of_one_point_are_gathered_by_name_or_by_place(tmp_path: Path) -> None:
    text = (
        "EPSG:32632\n# a comment\n"
        "314123.4 5780123.4 NaN 10 20 A.JPG P1 extra 7\n\n"
        "314123.4\t5780123.4\tnan\t11.25\t21\tB.JPG\tP1\n"
        "314200.0 5780200.0 3.5 12 22 A.JPG\n"
        "314200.0 5780200.0 3.5 13 23 B.JPG\n"
    )
    control = read_control(written(tmp_path, text, "gcp_list.txt"))
    assert [(p.name, [m.photo for m in p.marks]) for p in control.marked] == [
        ("P1", ["A.JPG", "B.JPG"]),
        ("point 2", ["A.JPG", "B.JPG"]),
    ]
    assert [p.height_m for p in control.points] == [None, 3.5]
    assert control.marked[0].marks[1].x_px == 11.75


@pytest.mark.parametrize("code", ["EPSG:32632", "EPSG:25832", "EPSG:2154"])
def test_a_list_in_well_known_text_is_no_table(tmp_path: Path, code: str) -> None:
    text = CRS.from_user_input(code).to_wkt("WKT1_GDAL")
    control = read_control(written(tmp_path, f"{text}\n600000 5600000 5 40 50 A.JPG P1\n", "gcp_list.txt"))
    assert (
        control.points
        == read_control(written(tmp_path, "name,x,y,z\nP1,600000,5600000,5\n"), system=code).points
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1 2 3 4 5", "line 3: has 5 columns and needs 6"),
        ("1 2 3 4 x A.JPG", "line 3: py 'x' is no number"),
        ("nan 2 3 4 5 A.JPG", "x 'nan' is no number"),
        ("1 2 inf 4 5 A.JPG", "z 'inf' is no number"),
        ("314123.4 5780123.4 5 4 5 A.JPG P1", "'P1' is marked in 'A.JPG' twice"),
        ("314123.9 5780123.4 5 4 5 B.JPG P1", "'P1' has other coordinates in line 2"),
        ("314123,4 5780123.4 5 4 5 B.JPG P1", "x '314123,4' is no number"),
    ],
)
def test_a_bad_line_of_the_list_is_named(tmp_path: Path, line: str, words: str) -> None:
    text = f"EPSG:32632\n314123.4 5780123.4 5 40 50 A.JPG P1\n{line}\n"
    with pytest.raises(FormatError, match=words):
        read_control(written(tmp_path, text, "gcp_list.txt"))


def test_a_list_without_its_coordinate_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no coordinate system"):
        read_control(written(tmp_path, GCP_LIST.split("\n", 1)[1], "gcp_list.txt"))
    with pytest.raises(FormatError, match="has no marks"):
        read_control(written(tmp_path, "EPSG:32632\n", "gcp_list.txt"))


def test_more_points_than_anyone_surveys_are_refused_at_once(tmp_path: Path) -> None:
    rows = "".join(f"{591000 + number} 5763021 4 3 2 A.JPG\n" for number in range(10_001))
    with pytest.raises(FormatError, match="has 10001 points; at most 10000"):
        read_control(written(tmp_path, "EPSG:32631\n" + rows, "gcp_list.txt"))
    rows = "".join(f"P{number},591000,5763021\n" for number in range(10_001))
    with pytest.raises(FormatError, match="has 10001 points; at most 10000"):
        read_control(written(tmp_path, "# EPSG:32631\nname,x,y\n" + rows))
