"""What a clip carries of its own flight: its data stream, subtitles named, beside it or inside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av.error

from imaging.thermal.container import opened_clip
from imaging.thermal.misb import StreamReader
from imaging.thermal.sidetrack import MOST_ROWS, SideTrack
from imaging.thermal.subtitles import beside, read_subtitles, rows_of
from missions.errors import InputError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

MOST_PACKETS = 50_000_000


@dataclass(frozen=True, slots=True)
class Records:
    """A clip's side track, None where it tells nothing; what there is to say of it, and the files used."""

    side: SideTrack | None
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


def records_of(clip: Path, subtitles: Path | None) -> Records:
    """The subtitles named, else the clip's data stream, else the `.srt` beside it, else the subtitles inside.

    Raises PhotoError where the clip cannot be read, InputError where the subtitles named cannot.
    """
    if subtitles is not None:
        return _of_file(subtitles)
    streamed, inside = _inside(clip)
    if streamed.side is not None:
        return streamed
    path = beside(clip)
    try:
        found = inside if path is None else _of_file(path)
    except InputError as error:
        # it only happens to lie there: the clip is read without it
        found = Records(inside.side, (*inside.notes, f"{path.name if path else ''}: {error.what}"))
    return Records(found.side, (*streamed.notes, *found.notes), found.files)


def time_s(packet: Packet[Any]) -> float | None:
    """When a packet is to be shown, else decoded; seconds of the container, None where it does not tell."""
    at = packet.pts if packet.pts is not None else packet.dts
    return None if at is None or packet.time_base is None else float(at * packet.time_base)


def start_s(video: VideoStream) -> float | None:
    """When the first frame is shown, seconds of the container."""
    if video.start_time is None or video.time_base is None:
        return None
    return float(video.start_time * video.time_base)


def _of_file(path: Path) -> Records:
    side = read_subtitles(path)
    return Records(side, tuple(side.notes), (path,))


def _inside(clip: Path) -> tuple[Records, Records]:
    """What the clip's data stream and its subtitles say, without decoding a frame."""
    reader = StreamReader()
    cues: list[tuple[float, str]] = []
    with opened_clip(clip) as (container, video):
        others = [s for s in container.streams if s.type in ("data", "subtitle")]
        if not others:
            return Records(None), Records(None)
        begins_s = start_s(video)
        now_s = begins_s or 0.0
        for _, packet in zip(range(MOST_PACKETS), _quietly(container, [*others, video]), strict=False):
            at_s = time_s(packet)
            if packet.stream is video:
                now_s = at_s if at_s is not None else now_s
                begins_s = now_s if begins_s is None else begins_s
                continue
            # what bears no time belongs to the frame before it
            media_s = (now_s if at_s is None else at_s) - (begins_s or 0.0)
            if packet.stream.type == "data":
                reader.add(bytes(packet), media_s)
            elif len(cues) < MOST_ROWS and (text := _subtitle(bytes(packet))):
                cues.append((media_s, text))
    streamed = Records(reader.track if reader.track.rows else None, tuple(reader.notes()))
    side = rows_of(cues, "the clip's subtitles")
    if not any(row.place or row.time_s for row in side.rows):
        return streamed, Records(None)
    return streamed, Records(side, tuple(side.notes))


def _quietly(container: InputContainer, streams: list[av.stream.Stream]) -> Iterator[Packet[Any]]:
    """Packets up to where the container breaks off: the pass over the frames says that it does."""
    with suppress(av.error.FFmpegError):
        yield from container.demux(streams)


def _subtitle(packet: bytes) -> str:
    """A cue's text: SubRip as it is, MPEG-4 timed text (ISO/IEC 14496-17) after its two bytes of length.

    Empty where it only ends the one before.
    """
    length = int.from_bytes(packet[:2], "big")
    body = packet[2 : 2 + length] if 0 < length <= len(packet) - 2 else packet
    return body.decode("utf-8", "replace").strip("\0 \r\n")
