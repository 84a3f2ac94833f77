"""Clips and live streams opened by FFmpeg (PyAV), bounded before anything is decoded.

A file that only claims to be a clip may be a list of other files or addresses, which FFmpeg would open: only
formats that hold their own pictures are let in, and a file opens nothing but itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error

from imaging.thermal.growing import GrowingFile
from missions.errors import LinkError, PhotoError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".mkv", ".avi"})
LARGEST_FRAME_PX = 25_000_000
MOST_STREAMS = 32
_FILE_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,mpegts,mpeg,matroska,webm,avi,h264,hevc,mjpeg"
_LIVE_FORMATS = "rtsp,rtp,sdp,mpegts,mpegtsraw,matroska,webm,flv,mjpeg,mpjpeg,h264,hevc"
_LIVE_PROTOCOLS = "rtsp,rtsps,rtp,rtcp,udp,tcp,tls,http,https,httpproxy,crypto"
_LIVE = re.compile(r"(rtsps?|udp|tcp|rtp|https?)://[^\s]+", re.IGNORECASE)
_SECRET = re.compile(r"(?<=://)[^/@\s]*@")
_REMEDY = "Give a clip in MP4, MOV, MPEG-TS, Matroska or AVI"


def is_live(address: str) -> bool:
    """Whether this is the address of a stream, not a path."""
    return bool(_LIVE.fullmatch(address))


def shown(address: str) -> str:
    """The address without the name and password that it may hold."""
    return _SECRET.sub("", address)


@contextmanager
def opened_clip(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A clip's container and its first video stream. Raises PhotoError where none is or it is too large."""
    options = {"protocol_whitelist": "file", "format_whitelist": _FILE_FORMATS}
    try:
        container = av.open(f"file:{path}", options=options, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise PhotoError(
            f"is not a clip that can be read ({reason(error)})", where=str(path), remedy=_REMEDY
        ) from error
    with container:
        yield container, _video(container, str(path))


@contextmanager
def opened_stream(
    address: str, *, open_s: float, read_s: float
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A live stream and its first video. Raises LinkError where it does not open within `open_s`.

    An address that is the path of an MPEG-TS file is read from its end on, as it grows. Reading ends, or
    raises an error of FFmpeg's, where nothing comes for `read_s`.
    """
    options = {
        "protocol_whitelist": _LIVE_PROTOCOLS,
        "format_whitelist": _LIVE_FORMATS,
        "rtsp_flags": "prefer_tcp",
        # what goes into finding out what is sent is not handed on late
        "fflags": "nobuffer",
    }
    growing = None
    try:
        if is_live(address):
            container = av.open(address, options=options, timeout=(open_s, read_s), metadata_errors="replace")
        else:
            growing = GrowingFile(Path(address), read_s)
            container = av.open(growing, "r", format="mpegts", options=options, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if growing is not None:
            growing.close()
        raise LinkError(
            f"the stream does not open ({reason(error)})",
            where=shown(address),
            remedy=f"Check the address and that it is sent; {open_s:g} s were waited",
        ) from error
    try:
        with container:
            yield container, _video(container, shown(address))
    finally:
        if growing is not None:
            growing.close()


def reason(error: Exception) -> str:
    """What FFmpeg says, without the address that it repeats."""
    if isinstance(error, av.error.ExitError):
        return "nothing came in time"
    return getattr(error, "strerror", None) or str(error)


def _video(container: InputContainer, where: str) -> VideoStream:
    if len(container.streams) > MOST_STREAMS:
        raise PhotoError(f"has more than {MOST_STREAMS} streams", where=where, remedy=_REMEDY)
    if not container.streams.video:
        raise PhotoError("has no video", where=where, remedy=_REMEDY)
    stream = container.streams.video[0]
    context = stream.codec_context
    if context is None:
        raise PhotoError("its video is of a kind that cannot be decoded", where=where, remedy=_REMEDY)
    if context.width * context.height > LARGEST_FRAME_PX:
        raise PhotoError(
            f"its frames have more than {LARGEST_FRAME_PX // 1_000_000} million pixels",
            where=where,
            remedy="Give a clip of a thermal camera",
        )
    # frames that grow later in the stream are refused before they are decoded
    context.options = {"max_pixels": str(LARGEST_FRAME_PX), "err_detect": "crccheck+bitstream+buffer"}
    context.thread_count = 1
    return stream
