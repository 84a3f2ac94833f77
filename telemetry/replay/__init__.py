"""Recordings played again through the same hub, with a time line to jump about on."""

from telemetry.replay.moments import Moment, Point
from telemetry.replay.received import ReceivedItems
from telemetry.replay.recording import (
    FramesRecording,
    Index,
    Reader,
    Recording,
    TlogRecording,
    open_recording,
)
from telemetry.replay.replay import FASTEST, SLOWEST, Replay
from telemetry.replay.running import ReplayThread
from telemetry.replay.states import Situation
from telemetry.replay.timeline import Gap, Timeline, open_recordings

__all__ = [
    "FASTEST",
    "SLOWEST",
    "FramesRecording",
    "Gap",
    "Index",
    "Moment",
    "Point",
    "Reader",
    "ReceivedItems",
    "Recording",
    "Replay",
    "ReplayThread",
    "Situation",
    "Timeline",
    "TlogRecording",
    "open_recording",
    "open_recordings",
]
