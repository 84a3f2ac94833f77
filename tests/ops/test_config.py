"""Settings: one frozen object, argument over environment over file, each of them documented."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from missions.errors import InputError, SettingsError
from ops.config import Settings

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def load(start: Path, environment: dict[str, str] | None = None, **arguments: object) -> Settings:
    return Settings.load(arguments, environment=environment or {}, start=start)


def test_without_anything_said_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()


def test_an_argument_wins_over_the_environment_which_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "droneteam.toml").write_text('port = 1\nhost = "127.0.0.2"\nlink = "udp:127.0.0.1:1"\n')
    environment = {"DRONETEAM_PORT": "2", "DRONETEAM_HOST": "127.0.0.3"}
    settings = load(tmp_path, environment, port=3)
    assert (settings.port, settings.host, settings.link) == (3, "127.0.0.3", "udp:127.0.0.1:1")


def test_an_argument_that_is_none_was_not_given(tmp_path: Path) -> None:
    assert load(tmp_path, {"DRONETEAM_PORT": "2"}, port=None).port == 2


def test_the_file_is_found_in_a_folder_above_and_its_paths_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "droneteam.toml").write_text('operations_folder = "cases"\nsitl = ""\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    settings = load(below)
    assert settings.operations_folder == tmp_path / "cases"
    assert settings.sitl is None


def test_a_file_that_is_named_wins_over_one_that_is_found(tmp_path: Path) -> None:
    (tmp_path / "droneteam.toml").write_text("port = 1\n")
    (tmp_path / "other.toml").write_text("port = 2\n")
    assert Settings.load(environment={}, start=tmp_path, config=tmp_path / "other.toml").port == 2
    assert load(tmp_path, {"DRONETEAM_CONFIG": str(tmp_path / "other.toml")}).port == 2


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml"):
        Settings.load(environment={}, config=tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("prot = 1", ["prot", "did you mean port"]),
        ("port = 'many'", ["port", "'many'", "0 to 65535"]),
        ("port = 65536", ["port", "65536"]),
        ("port = -1", ["port", "-1"]),
        ("port = 1.5", ["port", "1.5"]),
        ("port = true", ["port", "true"]),
        ("link_timeout_s = nan", ["link_timeout_s", "nan"]),
        ("link_timeout_s = inf", ["link_timeout_s", "inf"]),
        ("link_timeout_s = 0", ["link_timeout_s"]),
        ("operations_folder = 3", ["operations_folder"]),
        ("operations_folder = ''", ["operations_folder"]),
        ("host = 5", ["host", "text"]),
        ("tak = 5", ["tak", "list"]),
        ("traffic = [5]", ["traffic", "list"]),
        ("port = [", ["toml"]),
        ("[port]\na = 1", ["port"]),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_file_and_name(
    tmp_path: Path, text: str, names: list[str]
) -> None:
    path = tmp_path / "droneteam.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load(tmp_path)
    assert str(path) in str(refused.value)
    assert all(name in str(refused.value).lower() for name in names)
    assert refused.value.remedy


@pytest.mark.parametrize(("variable", "value"), [("DRONETEAM_PROT", "1"), ("DRONETEAM_PORT", "x")])
def test_a_variable_that_makes_no_sense_is_refused_by_its_name(
    tmp_path: Path, variable: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=variable):
        load(tmp_path, {variable: value})


def test_a_settings_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "droneteam.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError):
        load(tmp_path)


def test_a_list_of_addresses_may_be_a_list_or_one_text_with_commas(tmp_path: Path) -> None:
    (tmp_path / "droneteam.toml").write_text('tak = ["tak+udp://239.2.3.1:6969", "tak+tcp://a:1"]\n')
    settings = load(tmp_path, {"DRONETEAM_TRAFFIC": "sbs:a, tracks+udp:14660,"})
    assert settings.tak == ("tak+udp://239.2.3.1:6969", "tak+tcp://a:1")
    assert settings.traffic == ("sbs:a", "tracks+udp:14660")
    assert load(tmp_path, {"DRONETEAM_TAK": ""}).tak == (), "a variable may say none"


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_the_docs_list_every_setting_and_nothing_else() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", DOCS.read_text(), re.MULTILINE)
    assert listed == [setting.name for setting in dataclasses.fields(Settings)]


@pytest.mark.parametrize("setting", dataclasses.fields(Settings), ids=lambda setting: setting.name)
def test_the_docs_say_what_the_settings_object_says(setting: dataclasses.Field[object]) -> None:
    row = next(line for line in DOCS.read_text().splitlines() if line.startswith(f"| `{setting.name}` |"))
    assert str(setting.metadata["help"]) in row
    assert f"`DRONETEAM_{setting.name.upper()}`" in row
