"""How frames are read: what their numbers mean, which end is hot, and how clips are sampled and timed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Scale = Literal["auto", "centikelvin", "counts"]
"""What 16-bit numbers are: what the file says, or by order hundredths of a kelvin, or plain counts."""


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """How a clip or a stream is read.

    One frame in `every_s` seconds (0 for all). `starts_s` is the first frame's time, seconds since 1970 UTC,
    where the clip does not tell it or tells it wrong. `subtitles` names a `.srt` that does not lie beside the
    clip. Reading ends `at_most_s` seconds into the clip. A live stream is over where it is silent for
    `silent_s`; frames that were taken more than `latest_s` before they could be worked on are left out.
    """

    every_s: float = 0.2
    starts_s: float | None = None
    subtitles: Path | None = None
    at_most_s: float | None = None
    silent_s: float = 10.0
    latest_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Reading:
    """How frames are read.

    `scale` says what 16-bit numbers mean where a file does not, `black_hot` that grey pictures which tell no
    palette are darkest where it is warmest, and `video` how clips and streams are sampled and timed.
    """

    scale: Scale = "auto"
    black_hot: bool = False
    video: VideoOptions = field(default_factory=VideoOptions)
