"""From a folder of thermal frames to finds on the ground: read, detect, place, join.

Frames go in order of time. Each is placed by the aircraft's pose at its time: from the track where that
covers it (with the gimbal's angles from the frame where the track has none), else from the position, height
and gimbal in the frame itself. A frame that cannot be placed is still read and its spots kept, with the
reason.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from imaging.finds import Finds, FrameSpots, Unread
from imaging.progress import Progress, silent
from imaging.thermal.container import shown
from imaging.thermal.find import Find, listing
from imaging.thermal.finding import find_of
from imaging.thermal.made_by import made_by
from imaging.thermal.memory import keep_freed_memory
from imaging.thermal.options import HeatOptions
from imaging.thermal.placing.spot import Spot
from imaging.thermal.posing import TrackLike
from imaging.thermal.reading import Reading
from imaging.thermal.searching import NO_GIMBAL, Looked, Search, Stood, nowhere
from imaging.thermal.settling import Settled, settled
from imaging.thermal.sources import open_frames
from imaging.thermal.visible import IN_VISIBLE_LIGHT
from imaging.threads import in_order
from missions.camera import Camera
from missions.errors import InputError, PhotoError

_LOOKED_ELSEWHERE = (
    "no gimbal reported, and most of what was seen often seems to walk: the camera hardly looked straight "
    "down, and places are off by more than their ellipses say"
)
_OFTEN, _FEWEST = 4, 4
"""Sightings of a thing, and such things, that it takes to tell."""

__all__ = ["HeatOptions", "finds_of", "frame_spots", "heat"]


def heat(
    frames: Path | str,
    track: TrackLike | None,
    *,
    camera: Camera | None = None,
    options: HeatOptions | None = None,
    progress: Progress = silent,
) -> Finds:
    """Finds in the frames of a folder, a picture, a clip or a stream at an address.

    A frame that the detector refuses is named and left out. Of a stream that is interrupted (Ctrl-C) what
    came until then is settled. Raises InputError where no frame can be read, LinkError where a stream does
    not open.
    """
    keep_freed_memory()
    options = options or HeatOptions()
    source = open_frames(frames, Reading(options.scale, options.black_hot, options.video), progress)
    search, searched, unread = Search(track, camera, options), list[FrameSpots](), list[Unread]()
    progress.stage("frames", source.count())

    def seen(each: Stood | Unread) -> tuple[Stood, tuple[Spot, ...]] | Unread:
        if isinstance(each, Unread):
            return each
        try:
            return each, search.detected(each)
        except InputError as error:
            return Unread(each.frame.name, error.what)

    coming = iter(source)
    stood = (each if isinstance(each, Unread) else search.stood(each) for each in coming)
    notes: list[str] = []
    try:
        for each in in_order(seen, stood, os.cpu_count() or 1):
            if isinstance(each, Unread):
                unread.append(each)
                if not each.reason.startswith(IN_VISIBLE_LIGHT):
                    progress.note(f"{each.name}: {each.reason}")
            else:
                searched.append(frame_spots(search.joined(*each)))
            progress.advance()
    except KeyboardInterrupt:
        if not (source.address and searched):
            raise
        coming.close()
        notes.append("interrupted: what came until then was searched")
        progress.note("interrupted: the finds of what came until now are worked out")
    if not searched:
        raise PhotoError(
            f"none of {len(unread)} pictures could be read as a thermal frame ({unread[0].reason})"
            if unread
            else "no frame came",
            where=shown(str(frames)),
            remedy="Give 16-bit TIFF, DJI or FLIR radiometric JPEG, plain JPEG or PNG frames, or a clip",
        )
    if visible := sum(each.reason.startswith(IN_VISIBLE_LIGHT) for each in unread):
        notes.append(f"pictures in visible light, which were not searched: {visible}")
    found = finds_of(search, tuple(unread), searched, progress)
    return replace(found, clips=tuple(source.clips), notes=(*source.notes, *notes, *found.notes))


def frame_spots(looked: Looked) -> FrameSpots:
    """What a searched frame says of itself in the document."""
    frame = looked.frame
    height_px, width_px = frame.values.shape
    return FrameSpots(frame.name, frame.sha256, width_px, height_px, looked.spots, looked.why)


def finds_of(
    search: Search,
    unread: tuple[Unread, ...],
    frames: list[FrameSpots],
    progress: Progress = silent,
) -> Finds:
    """Everything gathered, as finds: the surest first, vehicles last (`listing`)."""
    progress.stage("places", None)
    search.set_clock()
    tracker = search.tracker or nowhere()
    found, clock = settled(tracker, search.options.sigmas)
    askew = NO_GIMBAL in search.notes and _seems_to_walk(found)
    found = [each for each in found if len(each.thing.sightings) >= search.options.least_sightings]
    finds = [find_of("", each, tracker.frame, *search.units[each.thing.picture_of.sha256]) for each in found]
    finds = [_looked_elsewhere(find) for find in finds] if askew else finds
    finds.sort(key=lambda find: (listing(find.kind, find.score), find.clearest.frame))
    digits = max(3, len(str(len(finds))))
    finds = [replace(find, id=f"find-{n:0{digits}d}") for n, find in enumerate(finds, 1)]
    return Finds(
        finds=tuple(finds),
        frames=tuple(frames),
        unread=unread,
        spots_not_placed=tuple(search.spots_not_placed),
        camera=", ".join(sorted(search.cameras)),
        notes=(
            *([_LOOKED_ELSEWHERE] if askew else []),
            *(f"{text} ({count} frames)" for text, count in search.notes.items()),
        ),
        clock=search.clock(clock),
        made_by=made_by(search.options),
    )


def _looked_elsewhere(find: Find) -> Find:
    """The find with the doubt in its place, in the stead of the note that it rests on."""
    if NO_GIMBAL not in find.notes:
        return find
    return replace(find, notes=(_LOOKED_ELSEWHERE, *(note for note in find.notes if note != NO_GIMBAL)))


def _seems_to_walk(found: list[Settled]) -> bool:
    """Whether most of what was seen often is said to walk: placed as if from elsewhere, all moves along."""
    often = [each for each in found if len(each.thing.sightings) >= _OFTEN]
    return len(often) >= _FEWEST and sum(each.thing.walks for each in often) > len(often) / 2
