"""What every command is handed: the settings as they hold for this call."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import typer

from ops.config import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """The options that stand before a command's name."""

    config: Path | None = None

    def settings(self, **arguments: object) -> Settings:
        """The settings, with this command's arguments over them; one that is None was not given."""
        settings = Settings.load(arguments, config=self.config)
        if settings.sitl is not None:
            os.environ["DRONETEAM_SITL"] = str(settings.sitl)
        if settings.grids is not None:
            os.environ["DRONETEAM_GRIDS"] = str(settings.grids)
        return settings


def settings_of(context: typer.Context, **arguments: object) -> Settings:
    """The settings for a command that was called with `context`."""
    desk = context.find_object(Desk) or Desk()
    return desk.settings(**arguments)
