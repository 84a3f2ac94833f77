"""A team's catalogue: an aircraft is put in, and nothing else in the file changes."""

import dataclasses
import tomllib
from pathlib import Path

import pytest

from missions.aircraft import Aircraft
from missions.catalogue import aircraft, aircraft_names
from missions.catalogue_file import entry_text, write_aircraft
from missions.errors import CatalogueError, OutputError

OURS = Aircraft("ours", "copter", 8.0, 2.0, 1.5, 123.456789, 100, 50.0, source='By "us"\n\\ 2026')
TEAM = """# Our team's own.

[camera.small]  # a camera
sensor_width_mm = 8

# The old one, before its repair.
[aircraft.old]
kind = "copter" # and so on
cruise_speed_m_s = 5

# about the next
[camera.large]
sensor_width_mm = 9
"""


@pytest.mark.parametrize("name", aircraft_names())
def test_what_is_written_reads_the_same(tmp_path: Path, name: str) -> None:
    team = tmp_path / "team.toml"
    ours = dataclasses.replace(aircraft(name), name="a name with spaces", source="Ours, measured")
    assert write_aircraft(team, ours) is False
    assert aircraft("a name with spaces", team) == ours


def test_text_with_quotes_and_lines_reads_the_same(tmp_path: Path) -> None:
    write_aircraft(tmp_path / "team.toml", OURS)
    assert aircraft("ours", tmp_path / "team.toml") == dataclasses.replace(OURS, hover_power_w=123.457)


@pytest.mark.parametrize(
    "source", ["one\ntwo", "one\ntwo\n", '"""\n\\', "# remark\n# two", "a\r\nb", "[aircraft.ours]\nx"]
)
def test_a_source_of_several_lines_reads_the_same_and_can_be_replaced(tmp_path: Path, source: str) -> None:
    team = tmp_path / "team.toml"
    team.write_text(TEAM)
    for there in (False, True):
        assert write_aircraft(team, dataclasses.replace(OURS, source=source)) is there
        assert aircraft("ours", team).source == source.strip()
    assert team.read_text().startswith(TEAM.rstrip())


def test_a_new_entry_leaves_every_line_as_it_was(tmp_path: Path) -> None:
    team = tmp_path / "team.toml"
    team.write_text(TEAM)
    assert write_aircraft(team, OURS) is False
    assert team.read_text().startswith(TEAM.rstrip())


def test_an_entry_is_replaced_where_it_stands_with_its_neighbours_and_their_comments(tmp_path: Path) -> None:
    team = tmp_path / "team.toml"
    team.write_text(TEAM)
    assert write_aircraft(team, dataclasses.replace(OURS, name="old")) is True
    before, after = TEAM.split("[aircraft.old]")
    assert team.read_text().startswith(before + "[aircraft.old]\n")
    assert team.read_text().endswith("\n\n# about the next" + after.split("# about the next")[1])
    assert tomllib.loads(team.read_text())["aircraft"]["old"]["cruise_speed_m_s"] == 8


def test_a_name_in_quotes_is_found(tmp_path: Path) -> None:
    team = tmp_path / "team.toml"
    team.write_text('[ aircraft . "ours" ]\nkind = "plane"\n')
    assert write_aircraft(team, OURS) is True
    assert list(tomllib.loads(team.read_text())) == ["aircraft"]


@pytest.mark.parametrize(
    "text",
    [
        'aircraft.ours = { kind = "copter" }\n',
        '[aircraft]\nours = { kind = "copter" }\n',
        '[aircraft.ours]\nkind = "copter"\n[aircraft.ours.more]\nleft = 1\n',
        'note = """\n[aircraft.ours]\n"""\n[aircraft]\nours.kind = "copter"\n',
    ],
)
def test_an_entry_in_another_form_is_refused_and_the_file_stays(tmp_path: Path, text: str) -> None:
    team = tmp_path / "team.toml"
    team.write_text(text)
    with pytest.raises(CatalogueError, match="not replaced by itself"):
        write_aircraft(team, OURS)
    assert team.read_text() == text


@pytest.mark.parametrize("content", [b"[aircraft", b"\xff\xfe", b"aircraft = 3\n"])
def test_a_broken_file_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    team = tmp_path / "team.toml"
    team.write_bytes(content)
    with pytest.raises(CatalogueError):
        write_aircraft(team, OURS)
    assert team.read_bytes() == content


def test_a_figure_that_is_none_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError):
        write_aircraft(tmp_path / "team.toml", dataclasses.replace(OURS, battery_wh=float("nan")))
    assert not (tmp_path / "team.toml").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_aircraft(tmp_path / "file" / "team.toml", OURS)


def test_defaults_are_not_written() -> None:
    assert "corner_m" not in entry_text(OURS)
    assert "\nreserve_pct" not in entry_text(OURS)
