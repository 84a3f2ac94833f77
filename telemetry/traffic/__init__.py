"""Other aircraft and foreign tracks: who is there that is not ours."""

from telemetry.traffic.aircraft import Aircraft, Sighting, Traffic, fold_sighting, forget
from telemetry.traffic.foreign import (
    ForeignReport,
    ForeignTracks,
    TrackLimits,
    fold_report,
    forget_tracks,
    track_report_of,
    vehicle_state_of,
)
from telemetry.traffic.mavlink import fold_traffic, sighting_of
from telemetry.traffic.picture import TrafficPicture
from telemetry.traffic.sbs import SbsReader, sighting_of_line
from telemetry.traffic.sbs_source import SbsSource
from telemetry.traffic.tracks_source import TracksSource

__all__ = [
    "Aircraft",
    "ForeignReport",
    "ForeignTracks",
    "SbsReader",
    "SbsSource",
    "Sighting",
    "TrackLimits",
    "TracksSource",
    "Traffic",
    "TrafficPicture",
    "fold_report",
    "fold_sighting",
    "fold_traffic",
    "forget",
    "forget_tracks",
    "sighting_of",
    "sighting_of_line",
    "track_report_of",
    "vehicle_state_of",
]
