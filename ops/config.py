"""Every setting, in one frozen object.

An argument wins over the environment (`DRONETEAM_<NAME>`), which wins over `droneteam.toml`, found in the
working folder or one above it. What no setting is called, or makes no sense, is refused: a typing error must
not quietly become a default.
"""

from __future__ import annotations

import difflib
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from missions.errors import SettingsError
from missions.files import read_bounded

PREFIX = "DRONETEAM_"
FILE_NAME = "droneteam.toml"
FILE_LIMIT_BYTES = 1_000_000
NOT_SETTINGS = frozenset({"DRONETEAM_CONFIG", "DRONETEAM_SHARED"})
"""Variables of ours that are no settings: where the settings file is, and where tests find their data."""


def _about(help_text: str, low: float = -math.inf, high: float = math.inf) -> dict[str, object]:
    """A setting's metadata: what it is for, and the range that makes sense."""
    return {"help": help_text, "minimum": low, "maximum": high}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How Droneteam runs here. `Settings()` is the defaults; `load` reads file and environment."""

    operator: str = field(
        default="", metadata=_about("Who works here, as an operation's log names them; empty: the login name")
    )
    operations_folder: Path = field(default=Path("operations"), metadata=_about("Where operations are kept"))
    key: Path = field(
        default=Path("~/.config/droneteam/signing-key.pem").expanduser(),
        metadata=_about("The Ed25519 private key that signs evidence, mode 0600"),
    )
    catalogue: Path | None = field(
        default=None, metadata=_about("A TOML file with aircraft and cameras of your own; none: only ours")
    )
    link: str = field(
        default="udp:127.0.0.1:14550", metadata=_about("The link to an aircraft where a command names none")
    )
    link_timeout_s: float = field(
        default=30.0, metadata=_about("How long to wait for an aircraft to be heard", 0.1, 3600)
    )
    mavlink_keys: Path | None = field(
        default=None,
        metadata=_about(
            "The keys that aircraft sign with, mode 0600; where it is named only signed aircraft are heard"
        ),
    )
    flight_timeout_s: float = field(
        default=7200.0, metadata=_about("How long to wait for the end of one flight", 1, 86400)
    )
    segment_mb: int = field(
        default=64, metadata=_about("The size at which a recording starts a new .tlog segment", 1, 4096)
    )
    host: str = field(
        default="127.0.0.1",
        metadata=_about("The address that `serve` listens on; there are no accounts yet, so keep it local"),
    )
    port: int = field(
        default=8080, metadata=_about("The port that `serve` listens on; 0 takes a free one", 0, 65535)
    )
    tiles_url: str = field(
        default="",
        metadata=_about(
            "Map tiles for the page, as `https://host/{z}/{x}/{y}.png`; empty: a grid, no internet"
        ),
    )
    alert_rules: Path | None = field(
        default=None, metadata=_about("A TOML file with the team's own rules for alarms; none: only ours")
    )
    alert_terrain: Path | None = field(
        default=None,
        metadata=_about("Elevation files for alarms about heights, a file or a folder; none: no such alarms"),
    )
    grids: Path | None = field(
        default=None,
        metadata=_about(
            "The folder of the RDNAPTRANS2018 grids, for Dutch RD and NAP; none: where PROJ keeps its own"
        ),
    )
    tak: tuple[str, ...] = field(
        default=(), metadata=_about("TAK servers and meshes that `serve` and `listen` speak with")
    )
    traffic: tuple[str, ...] = field(
        default=(), metadata=_about("ADS-B receivers and ports for foreign tracks that `serve` hears")
    )
    heat: tuple[str, ...] = field(
        default=(),
        metadata=_about("Live thermal streams that `serve` searches, as `VEHICLE[:CAMERA[:DELAY_S]]=STREAM`"),
    )
    station_name: str = field(
        default="",
        metadata=_about("This station's name on TAK maps, another at each; empty: this machine's name"),
    )
    tak_alarms: str = field(
        default="high",
        metadata=_about(
            "The least priority of alarms that TAK is told of: `high`, `medium` or `low`; `none`: of none"
        ),
    )
    tracks_token: str = field(
        default="",
        metadata=_about("What a program must show to report tracks; empty: only this machine may, without"),
    )
    sitl: Path | None = field(
        default=None,
        metadata=_about("The folder with ArduPilot SITL programs; none: `~/.cache/droneteam/ardupilot`"),
    )
    sitl_folder: Path = field(
        default=Path("sitl-runs"), metadata=_about("Where simulated aircraft keep their files while they run")
    )
    sitl_url: str = field(
        default="https://firmware.ardupilot.org",
        metadata=_about("The server that `sitl install` downloads from"),
    )

    @classmethod
    def load(
        cls,
        arguments: Mapping[str, object] | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        config: Path | None = None,
        start: Path | None = None,
    ) -> Settings:
        """Settings from arguments over environment over file.

        An argument that is None counts as not given. `config` names the file; else it is looked for in
        `start` (the working folder) upward. Raises SettingsError naming the file or variable.
        """
        environment = os.environ if environment is None else environment
        known = {each.name: each for each in fields(cls)}
        found = _from_file(_settings_file(environment, config, start or Path.cwd()), known)
        found |= _from_environment(environment, known)
        for name, value in (arguments or {}).items():
            if value is not None:
                found[name] = _checked(_known(known, name, "argument"), value, f"argument {name}")
        return cls(**found)


def _settings_file(environment: Mapping[str, str], config: Path | None, start: Path) -> Path | None:
    named = environment.get("DRONETEAM_CONFIG")
    if config is not None or named:
        return config or Path(named or "")
    folder = start.resolve()
    candidates = (parent / FILE_NAME for parent in (folder, *folder.parents))
    return next((path for path in candidates if path.is_file()), None)


def _from_file(path: Path | None, known: Mapping[str, Field[Any]]) -> dict[str, Any]:
    if path is None:
        return {}
    data = read_bounded(path, FILE_LIMIT_BYTES, "the settings file")
    try:
        table = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"not TOML: {error}", where=str(path), remedy="Correct the line that is named"
        ) from error
    settings = {}
    for name, value in table.items():
        where = f"{path}, setting {name}"
        checked = _checked(_known(known, name, str(path)), value, where)
        settings[name] = path.parent / checked.expanduser() if isinstance(checked, Path) else checked
    return settings


def _from_environment(environment: Mapping[str, str], known: Mapping[str, Field[Any]]) -> dict[str, Any]:
    settings = {}
    for variable in sorted(environment):
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        name = variable.removeprefix(PREFIX).lower()
        settings[name] = _checked(_known(known, name, variable), environment[variable], variable)
    return settings


def _known(known: Mapping[str, Field[Any]], name: str, where: str) -> Field[Any]:
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    remedy = f"Did you mean {near[0]}?" if near else "See docs/settings.md for the settings there are"
    raise SettingsError(f"there is no setting {name!r}", where=where, remedy=remedy)


def _checked(setting: Field[Any], value: object, where: str) -> Any:
    """The value as the setting's type, within its range; text is taken for numbers, as a variable has it."""
    kind = str(setting.type)
    if kind.startswith("Path"):
        return _path(value, kind, where)
    if kind == "str":
        if not isinstance(value, str):
            raise _nonsense(setting, value, where, "text")
        return value
    if kind.startswith("tuple"):
        return _addresses(setting, value, where)
    return _number(setting, value, where, whole=kind == "int")


def _path(value: object, kind: str, where: str) -> Path | None:
    if kind.endswith("None") and value == "":
        return None
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise SettingsError(f"{value!r} is not a path", where=where, remedy="Give a file or a folder")
    return Path(value).expanduser()


def _addresses(setting: Field[Any], value: object, where: str) -> tuple[str, ...]:
    """A list of texts, or one text with commas between them, as a variable has it."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(each, str) for each in parts):
        raise _nonsense(setting, value, where, "addresses: a list of texts, or one text with commas")
    return tuple(each.strip() for each in parts if each.strip())


def _number(setting: Field[Any], value: object, where: str, *, whole: bool) -> float:
    low, high = setting.metadata["minimum"], setting.metadata["maximum"]
    wanted = f"a {'whole ' if whole else ''}number from {low:g} to {high:g}"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _nonsense(setting, value, where, wanted)
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise _nonsense(setting, value, where, wanted) from error
    if not low <= number <= high or (whole and not number.is_integer()):
        raise _nonsense(setting, value, where, wanted)
    return int(number) if whole else number


def _nonsense(setting: Field[Any], value: object, where: str, wanted: str) -> SettingsError:
    return SettingsError(f"{value!r} makes no sense for {setting.name}", where=where, remedy=f"Give {wanted}")
