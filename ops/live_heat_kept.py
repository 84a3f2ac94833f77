"""What a live stream's process keeps of what it found, and how it is written (`ops.live_heat_keeping`)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imaging.finds import Finds, FrameSpots, thumbnail
from imaging.thermal.find import Find
from missions.errors import OutputError
from missions.files import write_whole
from ops.live_heat_keeping import thumbnails_of

UNPLACED_LISTED = 200


@dataclass
class Kept:
    """Everything that a stream's process keeps; of frames that could not be placed the last 200."""

    document: Path
    about: dict[str, Any]
    camera: str = ""
    finds: dict[str, Find] = field(default_factory=dict)
    read: int = 0
    placed: int = 0
    unplaced: list[FrameSpots] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    def write(self) -> None:
        """Write the document whole. Raises OutputError."""
        finds = sorted(self.finds.values(), key=lambda find: -find.score)
        found = Finds(tuple(finds), tuple(self.unplaced), (), (), self.camera, self.notes)
        document = found.geojson(pictures=thumbnails_of(self.document).name)
        document |= {"frames_read": self.read, "frames_placed": self.placed, "stream": self.about}
        write_whole(self.document, json.dumps(document, allow_nan=False).encode())

    def picture(self, find: Find) -> bytes:
        """The find's thumbnail, which is written too. Raises OutputError."""
        data = thumbnail(find)
        path = thumbnails_of(self.document) / f"{find.id}.png"
        beside = path.with_name(f".{path.name}")
        try:
            beside.write_bytes(data)
            beside.replace(path)
        except OSError as error:
            raise OutputError(f"cannot be written ({error.strerror})", where=str(path)) from error
        return data

    def not_placed(self, frame: FrameSpots) -> None:
        """A frame that could not be placed, with the reason."""
        self.unplaced.append(frame)
        del self.unplaced[:-UNPLACED_LISTED]
