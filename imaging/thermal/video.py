"""Frames of a clip or a live stream, one after the other, each with its time, place and angles.

Nothing of the video is held but the frame at hand (and the few between two references). A clip's own records
are read first, in a pass that decodes nothing; a stream's as they come. The time of a frame is, in this
order, by the start that was named, by the clip's records, live by its arrival, or by the container's creation
time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.error

from imaging.finds import Unread
from imaging.thermal.container import opened_clip, opened_stream, reason, shown
from imaging.thermal.decoding import Broken, Decoder, Shown
from imaging.thermal.frame import Exposure, ThermalFrame
from imaging.thermal.misb import SOURCE, StreamReader
from imaging.thermal.pixels import pixels_of
from imaging.thermal.reading import VideoOptions
from imaging.thermal.records import Records, records_of, start_s, time_s
from imaging.thermal.sidetrack import SideTrack
from missions.errors import PhotoError
from telemetry.clock import Clock, SystemClock

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

_EARLIEST_S = 1.0e9
_ROWS_KEPT = 600
_SAME_FRAME_S = 1e-4
_JUMP_S = 10.0
"""A stream whose times jump by more than this was begun anew by its sender, which must be opened anew."""


@dataclass
class ClipFrames:
    """Frames of a clip, or of a stream where `address` is given; iterate once.

    `notes` and `left_out` are complete when the iteration has ended.
    """

    path: Path
    options: VideoOptions = field(default_factory=VideoOptions)
    black_hot: bool = False
    centikelvin: bool = False
    address: str = ""
    clock: Clock = field(default_factory=SystemClock)
    notes: list[str] = field(default_factory=list)
    left_out: int = 0
    _records: Records | None = None

    def __iter__(self) -> Iterator[ThermalFrame | Unread]:
        """Frames, and named gaps. Raises PhotoError or LinkError where nothing can be opened."""
        if self.address:
            with opened_stream(self.address, open_s=self.options.silent_s, read_s=self.options.silent_s) as (
                container,
                video,
            ):
                reader = StreamReader(SideTrack(SOURCE, kept=_ROWS_KEPT))
                yield from _Reading(self, container, video, reader.track, reader).frames()
            return
        side = self.records().side
        with opened_clip(self.path) as (container, video):
            yield from _Reading(self, container, video, side, None).frames()

    def begins_s(self) -> float | None:
        """When the clip begins, seconds since 1970 UTC, None where nothing tells. Raises PhotoError."""
        if self.options.starts_s is not None:
            return self.options.starts_s
        side = self.records().side
        with opened_clip(self.path) as (container, _):
            told = side.exposure_at(0.0, (1, 1)).time_s if side else None
            return told if told is not None else _created_s(container)

    def count(self) -> int | None:
        """About how many frames will be read, None where the container does not tell."""
        if self.address:
            return None
        with opened_clip(self.path) as (container, video):
            if container.duration is None:
                return None
            seconds = min(container.duration / av.time_base, self.options.at_most_s or float("inf"))
            rate = float(video.average_rate or 0)
            if self.options.every_s > 0:
                rate = min(rate or float("inf"), 1 / self.options.every_s)
            return max(1, round(seconds * rate)) if 0 < rate < 1e4 and 0 < seconds < 1e7 else None

    def hashes(self) -> list[tuple[str, str]]:
        """Name and SHA-256 of the file and of the subtitles that were used; none for a stream.

        Raises PhotoError where one cannot be read.
        """
        if self.address:
            return []
        return [(path.name, _sha256(path)) for path in (self.path, *self.records().files)]

    def records(self) -> Records:
        """Its own records and what was said of them, read once. Raises PhotoError, or InputError."""
        if self._records is None:
            self._records = records_of(self.path, self.options.subtitles)
            self.notes += self._records.notes
        return self._records


class _Reading:
    """One pass over an open container."""

    def __init__(
        self,
        clip: ClipFrames,
        container: InputContainer,
        video: VideoStream,
        side: SideTrack | None,
        live: StreamReader | None,
    ) -> None:
        self._clip, self._container, self._video = clip, container, video
        self._side, self._live = side, live
        self._start_s = start_s(video)
        self._created_s = _created_s(container)
        self._arrived: float | None = None
        self._due_s = 0.0
        self._before_s: float | None = None
        self._over = False
        self._model = _text(container.metadata, "model", "com.apple.quicktime.model", "com.android.model")

    def frames(self) -> Iterator[ThermalFrame | Unread]:
        """Whole frames as they are wanted, and named gaps."""
        clip = self._clip
        decoder = Decoder(self._wanted)
        try:
            for item in decoder.decode(self._packets()):
                yield self._told(item)
                if self._over:
                    break
        except av.error.FFmpegError as error:
            ended = "ended" if clip.address else "breaks off"
            clip.notes.append(f"{self._name()} {ended} after {decoder.count} frames ({reason(error)})")
        for item in decoder.finish():
            yield self._told(item)
        if self._live is not None:
            clip.notes += self._live.notes()
        if clip.left_out:
            clip.notes.append(f"{self._name()}: {clip.left_out} frames were left out to keep up with it")
        if decoder.count == 0:
            raise PhotoError(
                "holds no frame that can be decoded", where=self._name(), remedy="Copy the file again"
            )

    def _packets(self) -> Iterator[Packet[Any]]:
        """The video's packets; what the data stream says is taken in on the way."""
        streams: list[Any] = [self._video]
        if self._live is not None:
            streams += [s for s in self._container.streams if s.type == "data"]
        now_s = 0.0
        for packet in self._container.demux(streams):
            if self._over:
                return
            if packet.stream is self._video:
                now_s = time_s(packet) or now_s
                yield packet
            elif self._live is not None:
                at_s = time_s(packet)
                self._live.add(bytes(packet), (now_s if at_s is None else at_s) - (self._start_s or 0.0))

    def _wanted(self, frame: av.VideoFrame) -> bool:
        """Whether a frame's turn has come."""
        options = self._clip.options
        media_s = self._media_s(frame)
        if media_s is None:
            return True
        if self._live is not None and self._jumped(media_s):
            self._clip.notes.append(f"{self._name()} ended: its sender began its times anew")
            self._over = True
            return False
        if options.at_most_s is not None and media_s > options.at_most_s:
            self._over = True
            return False
        if media_s < self._due_s - _SAME_FRAME_S:
            return False
        if options.every_s > 0:
            # the grid stays that of the clip, whatever the frames' own spacing
            self._due_s = (int((media_s + _SAME_FRAME_S) / options.every_s) + 1) * options.every_s
        if self._live is not None:
            now_s = self._clip.clock.now_s()
            arrived = now_s - media_s
            self._arrived = arrived if self._arrived is None else min(self._arrived, arrived)
            if arrived - self._arrived > options.latest_s:
                self._clip.left_out += 1
                return False
        return True

    def _jumped(self, media_s: float) -> bool:
        before_s, self._before_s = self._before_s, media_s
        return before_s is not None and abs(media_s - before_s) > _JUMP_S

    def _media_s(self, frame: av.VideoFrame) -> float | None:
        """Seconds from the first frame, None for a frame without a time."""
        if frame.pts is None or frame.time_base is None:
            return None
        at_s = float(frame.pts * frame.time_base)
        if self._start_s is None:
            self._start_s = at_s
        return at_s - self._start_s

    def _told(self, item: Shown | Broken) -> ThermalFrame | Unread:
        if isinstance(item, Broken):
            span = f"#{item.first:06d}" if item.first == item.last else f"#{item.first:06d}-{item.last:06d}"
            return Unread(
                f"{self._clip.path.name}{span}", f"broken: {item.why}; what is built on it is left out"
            )
        clip = self._clip
        frame = item.frame
        pixels = pixels_of(frame, black_hot=clip.black_hot, centikelvin=clip.centikelvin)
        exposure, notes = self._exposure(frame)
        if frame.rotation:
            notes = (*notes, f"the clip asks to be shown turned by {frame.rotation}°: read as it was taken")
        return ThermalFrame(
            clip.path,
            pixels.values,
            pixels.unit,
            exposure,
            pixels.sha256,
            notes=(*pixels.notes, *notes),
            number=item.number,
        )

    def _exposure(self, frame: av.VideoFrame) -> tuple[Exposure, tuple[str, ...]]:
        """When, where and how a frame was taken, and what its time rests on."""
        size_px = (frame.width, frame.height)
        media_s = self._media_s(frame)
        if media_s is None:
            untimed = Exposure(
                model=self._model, size_px=size_px, unposed="the frame has no time in its clip"
            )
            return untimed, ()
        exposure = self._side.exposure_at(media_s, size_px) if self._side else Exposure(size_px=size_px)
        exposure = replace(exposure, model=self._model)
        if self._clip.options.starts_s is not None:
            return replace(exposure, time_s=self._clip.options.starts_s + media_s, local_time=False), ()
        if exposure.time_s is not None:
            return exposure, ()
        if self._arrived is not None:
            note = "times are those of arrival: the stream's delay is in them"
            return replace(exposure, time_s=self._arrived + media_s), (note,)
        if self._created_s is not None:
            note = (
                "the clip's time is its creation time, which some cameras write in local time or at the end "
                "of recording"
            )
            return replace(exposure, time_s=self._created_s + media_s), (note,)
        return exposure, ()

    def _name(self) -> str:
        return shown(self._clip.address) or str(self._clip.path)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PhotoError(
            f"cannot be read ({error.strerror or error})", where=str(path), remedy="Check the path"
        ) from error


def _created_s(container: InputContainer) -> float | None:
    """The container's creation time, seconds since 1970 UTC; one before 2001 is none."""
    try:
        made = datetime.fromisoformat(container.metadata.get("creation_time", ""))
        seconds = made.timestamp() if made.tzinfo is not None else None
    except (ValueError, OverflowError, OSError):
        return None
    return seconds if seconds is not None and seconds > _EARLIEST_S else None


def _text(metadata: dict[str, str], *keys: str) -> str:
    found = next((metadata[key] for key in keys if key in metadata), "")
    return "".join(letter for letter in found if letter.isprintable()).strip()[:80]
