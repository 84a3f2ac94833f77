"""Aircraft and cameras by name."""

from pathlib import Path

import pytest

from missions.catalogue import aircraft, aircraft_names, camera, camera_names, either
from missions.errors import CatalogueError, InputError


def test_every_entry_reads() -> None:
    assert all(aircraft(name).name == name for name in aircraft_names())
    assert all(camera(name).name == name for name in camera_names())


def test_every_camera_has_square_pixels_and_its_wide_side_across() -> None:
    for name in camera_names():
        one = camera(name)
        across, along = one.sensor_width_mm / one.image_width_px, one.sensor_height_mm / one.image_height_px
        assert across == pytest.approx(along, rel=0.02), name
        assert one.image_width_px > one.image_height_px


def test_an_unknown_name_is_answered_with_the_near_ones() -> None:
    with pytest.raises(CatalogueError, match="dji-m30t-thermal"):
        camera("m30t-thermal")
    with pytest.raises(CatalogueError, match="ardupilot-copter"):
        aircraft("ardupilot copter")


def test_a_team_adds_its_own_and_may_change_ours(tmp_path: Path) -> None:
    team = tmp_path / "team.toml"
    team.write_text(
        "[camera.ours]\nsensor_width_mm = 8\nsensor_height_mm = 6\nfocal_length_mm = 10\n"
        "image_width_px = 800\nimage_height_px = 600\n"
        "[camera.demo-wide]\nsensor_width_mm = 9.0\nsensor_height_mm = 6\nfocal_length_mm = 10\n"
        "image_width_px = 900\nimage_height_px = 600\n"
    )
    assert camera("ours", team).gsd_m(100) == pytest.approx(0.1)
    assert camera("demo-wide", team).sensor_width_mm == 9.0
    assert "ours" in camera_names(team)
    assert "dji-m30t-wide" in camera_names(team)
    assert aircraft("dji-mavic-3t", team) == aircraft("dji-mavic-3t")


GOOD = {
    "kind": '"copter"',
    "cruise_speed_m_s": "8",
    "climb_speed_m_s": "2",
    "descent_speed_m_s": "2",
    "hover_power_w": "100",
    "cruise_power_w": "90",
    "battery_wh": "50",
}


REST = "".join(f"{key} = {value}\n" for key, value in GOOD.items())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": '"balloon"'}, "balloon"),
        ({"kind": "5"}, "no text"),
        ({"cruise_speed_m_s": "0"}, "cruise_speed_m_s is 0"),
        ({"cruise_speed_m_s": "nan"}, "no number"),
        ({"battery_wh": "true"}, "no number"),
        ({"battery_wh": "1" + "0" * 400}, "no number"),
        ({"battery_wh": None}, "battery_wh missing"),
        ({"wings": "2"}, "unknown key 'wings'"),
        ({"reserve_pct": "100"}, "in reserve"),
    ],
)
def test_a_team_file_with_a_fault_is_refused_with_the_place(
    tmp_path: Path, change: dict[str, str | None], told: str
) -> None:
    team = tmp_path / "team.toml"
    lines = [f"{key} = {value}" for key, value in {**GOOD, **change}.items() if value is not None]
    team.write_text("\n".join(["[aircraft.ours]", *lines]))
    with pytest.raises(CatalogueError, match=told) as raised:
        aircraft("ours", team)
    assert str(team) in str(raised.value)


def test_a_team_file_that_is_no_toml_or_not_there_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    for text in ("[camera", "x = " + "[" * 50_000, f"x = {'9' * 5000}"):
        broken.write_text(text)
        with pytest.raises(CatalogueError, match="no TOML"):
            camera("demo-wide", broken)
    with pytest.raises(InputError, match="cannot be read"):
        camera("demo-wide", tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# ours\n\n[aircraft.ours]\nsource = 5\n" + REST, "line 4, [aircraft.ours]: source is no text"),
        ("[aircraft.ours]\nkind = 'copter'\n\n  wings = 2\n", "line 4, [aircraft.ours]: unknown key 'wings'"),
        (
            "[aircraft.other]\n[aircraft.ours]\nkind = 'copter'\n",
            "line 2, [aircraft.ours]: battery_wh, climb_speed_m_s,",
        ),
        (
            "[aircraft.'ours'] # x\n'reserve_pct' = -1\n" + REST,
            "line 2, [aircraft.ours]: reserve_pct is -1",
        ),
        ("aircraft.ours = { kind = 5 }\n", "toml, [aircraft.ours]: battery_wh, climb_speed_m_s,"),
        ("[aircraft.ours\n", "at line 1"),
    ],
)
def test_a_fault_is_told_with_its_line_and_table(tmp_path: Path, text: str, told: str) -> None:
    team = tmp_path / "team.toml"
    team.write_text(text)
    with pytest.raises(CatalogueError) as raised:
        aircraft("ours", team)
    assert str(raised.value).startswith(f"{team}")
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("head", "meant"), [("cameras", "camera"), ("Aircraft", "aircraft"), ("x", "aircraft")]
)
def test_a_table_that_is_neither_aircraft_nor_camera_is_refused(
    tmp_path: Path, head: str, meant: str
) -> None:
    team = tmp_path / "team.toml"
    team.write_text(f"[{head}.ours]\nfocal_length_mm = 4\n")
    with pytest.raises(CatalogueError, match=rf"holds '{head}'.*Write \[{meant}\.NAME\]"):
        camera("demo-wide", team)


def test_either_finds_aircraft_and_cameras(tmp_path: Path) -> None:
    assert either("dji-matrice-30t") == aircraft("dji-matrice-30t")
    assert either("dji-m30t-zoom") == camera("dji-m30t-zoom")
    with pytest.raises(
        CatalogueError, match=r"no aircraft or camera is called 'm30t-zoom'\. Did you mean dji-m30t-zoom"
    ):
        either("m30t-zoom")


def test_a_key_with_a_slip_of_the_pen_is_answered_with_the_right_one(tmp_path: Path) -> None:
    team = tmp_path / "team.toml"
    team.write_text('[aircraft.ours]\nhover_powr_w = 100\nkind = "copter"\n')
    with pytest.raises(CatalogueError, match="Did you mean hover_power_w"):
        aircraft("ours", team)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("battery_health_pct", "0", "battery_health_pct is 0"),
        ("battery_health_pct", "101", "more than 100 %"),
        ("profile_share", "1.5", "smaller profile_share"),
        ("payload_kg", "-1", "payload_kg is -1"),
        ("jerk_m_s3", "0", "jerk_m_s3 is 0"),
        ("mass_kg", '"heavy"', "no number"),
    ],
)
def test_new_figures_are_checked_like_the_others(tmp_path: Path, key: str, value: str, told: str) -> None:
    team = tmp_path / "team.toml"
    lines = [f"{name} = {figure}" for name, figure in {**GOOD, key: value}.items()]
    team.write_text("\n".join(["[aircraft.ours]", *lines]))
    with pytest.raises(CatalogueError, match=told):
        aircraft("ours", team)


def test_the_aircraft_and_cameras_of_a_police_team_are_there() -> None:
    asked = {"matrice-30t", "matrice-4t", "mavic-3t", "640t", "skydio-x10", "anafi-usa", "matrice-350"}
    assert all(any(part in name for name in aircraft_names()) for part in asked)
    for thermal in [name for name in camera_names() if name.endswith("-thermal")]:
        assert camera(thermal).spectrum == "thermal"
        if thermal != "dji-m2ea-thermal":
            assert camera(thermal.replace("-thermal", "-wide")).spectrum == "visible"
