"""Where frames come from: a folder, a picture, a clip or a live stream, read one by one in order of time."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from imaging.finds import Unread
from imaging.progress import Progress, silent
from imaging.thermal.container import SUFFIXES as CLIP_SUFFIXES
from imaging.thermal.container import is_live, shown
from imaging.thermal.frame import BLANK, Exposure, ThermalFrame
from imaging.thermal.radiometry import SUFFIXES as PICTURE_SUFFIXES
from imaging.thermal.radiometry import read_exposure, read_frame
from imaging.thermal.reading import Reading
from imaging.thermal.sequence import SUFFIXES as SEQUENCE_SUFFIXES
from imaging.thermal.sequence import SequenceFrames
from imaging.thermal.video import ClipFrames
from imaging.thermal.visible import other_light, thermal_beside
from missions.errors import InputError, PhotoError

FRAME_SUFFIXES = PICTURE_SUFFIXES | CLIP_SUFFIXES | SEQUENCE_SUFFIXES
_MOST_FOLDERS, _MOST_NAMES = 50, 200


@dataclass
class Frames:
    """Frames one by one, those that cannot be read as `Unread` with the reason; iterate once.

    `files` are the pictures and clips that they come from (none for a stream), in order of time. `notes`, and
    `clips` with the SHA-256 of each clip and of its subtitles, are complete when the iteration has ended.
    """

    files: list[Path]
    reading: Reading
    unread: list[Unread] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    clips: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""
    _clips: dict[Path, ClipFrames | SequenceFrames] = field(default_factory=dict)
    _exposures: dict[Path, Exposure] = field(default_factory=dict)

    def exposures(self) -> Iterator[tuple[str, Exposure, str] | Unread]:
        """Each frame's name, when, where and how it was taken, and its SHA-256; pictures are not decoded and
        have none, clips are, and their blank frames left out.
        """
        yield from self.unread
        for path in self.files:
            clip = self._clips.get(path)
            if clip is None:
                yield path.name, self._exposures[path], ""
            else:
                for each in self._of_clip(clip):
                    if isinstance(each, Unread):
                        yield each
                    else:
                        taken = (each.name, each.exposure, each.sha256)
                        yield Unread(each.name, BLANK) if each.blank else taken

    def __iter__(self) -> Generator[ThermalFrame | Unread, None, None]:
        """Frames in order of time. Raises LinkError where a stream does not open."""
        yield from self.unread
        if self.address:
            yield from self._of_clip(_stream(self.address, self.reading))
        for path in self.files:
            clip = self._clips.get(path)
            if clip is None:
                try:
                    yield read_frame(path, scale=self.reading.scale, black_hot=self.reading.black_hot)
                except InputError as error:
                    yield Unread(path.name, error.what)
            else:
                yield from self._of_clip(clip)

    def count(self) -> int | None:
        """About how many frames there are, None where nobody knows."""
        if self.address:
            return None
        counts = [clip.count() for clip in self._clips.values()]
        stills = len(self.files) - len(self._clips) + len(self.unread)
        return None if None in counts else stills + sum(count or 0 for count in counts)

    def _of_clip(self, clip: ClipFrames | SequenceFrames) -> Iterator[ThermalFrame | Unread]:
        try:
            yield from clip
        except InputError as error:
            yield Unread(clip.path.name, error.what)
        finally:
            # a stream may be left before it ends
            self.notes += clip.notes
            self.clips += clip.hashes()


def open_frames(
    where: Path | str,
    reading: Reading | None = None,
    progress: Progress = silent,
    *,
    spectrum: str = "thermal",
) -> Frames:
    """The frames of a folder, a picture, a clip or a stream's address, in order of time.

    Pictures that tell that they are of another `spectrum` are `Unread`. Folders within the folder are not
    read, and named. Raises InputError where there is none.
    """
    reading = reading or Reading()
    if isinstance(where, str) and is_live(where):
        return Frames([], reading, address=where)
    found, deeper = _files(Path(where))
    clips = sum(path.suffix.lower() in CLIP_SUFFIXES for path in found)
    if clips > 1 and (reading.video.subtitles is not None or reading.video.starts_s is not None):
        raise InputError(
            f"one start or one file of subtitles cannot be that of {clips} clips",
            where=str(where),
            remedy="Read these clips one by one",
        )
    progress.stage("times", len(found))
    timed: list[tuple[float, str, Path]] = []
    frames = Frames([], reading)
    if deeper:
        frames.notes.append(f"frames in folders within the folder were not read: {_few(deeper)}")
    beside = thermal_beside(path.name for path in found)
    for path in found:
        try:
            if path.suffix.lower() in CLIP_SUFFIXES | SEQUENCE_SUFFIXES:
                if why := other_light(Exposure(), path.name, beside, spectrum):
                    raise PhotoError(why)
                clip = _clip(path, reading)
                frames._clips[path] = clip
                begins_s = clip.begins_s()
            else:
                exposure = read_exposure(path)
                if why := other_light(exposure, path.name, beside, spectrum):
                    raise PhotoError(why)
                frames._exposures[path] = exposure
                begins_s = exposure.time_s
            timed.append((math.inf if begins_s is None else begins_s, path.name, path))
        except InputError as error:
            frames._clips.pop(path, None)
            frames.unread.append(Unread(path.name, error.what))
        progress.advance()
    frames.files = [path for _, _, path in sorted(timed)]
    return frames


def file_of(frame: str) -> str:
    """The file that a frame's name belongs to: `clip.mp4` of `clip.mp4#000123`."""
    name, mark, _ = frame.rpartition("#")
    return name if mark and Path(name).suffix.lower() in CLIP_SUFFIXES | SEQUENCE_SUFFIXES else frame


def _clip(path: Path, reading: Reading) -> ClipFrames | SequenceFrames:
    if path.suffix.lower() in SEQUENCE_SUFFIXES:
        return SequenceFrames(path, reading.video)
    return ClipFrames(path, reading.video, reading.black_hot, reading.scale == "centikelvin")


def _stream(address: str, reading: Reading) -> ClipFrames:
    # a stream has no file; its frames bear the address, without the password that it may hold
    name = Path(shown(address).replace("://", "_").replace("/", "_"))
    return ClipFrames(name, reading.video, reading.black_hot, reading.scale == "centikelvin", address)


def _files(where: Path) -> tuple[list[Path], list[str]]:
    """The files with frames, and the folders within the folder that hold some too."""
    if where.is_file():
        return [where], []
    try:
        names = sorted(p for p in where.iterdir() if not p.name.startswith("."))
        found = [p for p in names if p.suffix.lower() in FRAME_SUFFIXES and p.is_file()]
    except (OSError, ValueError) as error:
        raise InputError(
            f"the frames cannot be read ({getattr(error, 'strerror', None) or error})",
            where=str(where),
            remedy="Give the folder that holds the frames, a picture, a clip or a stream's address",
        ) from error
    deeper = sorted({str(p.parent.relative_to(where)) for p in _deeper(names)})
    if not found and deeper:
        raise InputError(
            f"no frames in this folder; those in folders within it are not read ({_few(deeper)})",
            where=str(where),
            remedy=f"Give {where / deeper[0]}",
        )
    if not found:
        raise InputError(
            "no frames in this folder",
            where=str(where),
            remedy="Give a folder with .tif, .jpg or .png pictures or with clips",
        )
    return found, deeper


def _deeper(names: list[Path]) -> Iterator[Path]:
    """A few files with frames in folders within, two deep: cards hold DCIM/100MEDIA."""
    try:
        folders = [p for p in names if _of_frames(p)][:_MOST_FOLDERS]
        below = [q for p in folders for q in sorted(p.iterdir())[:_MOST_NAMES]]
        folders = [p for p in below if _of_frames(p)][:_MOST_FOLDERS]
        below += [q for p in folders for q in sorted(p.iterdir())[:_MOST_NAMES]]
        yield from (p for p in below if p.suffix.lower() in FRAME_SUFFIXES and p.is_file())
    except OSError:
        return


def _of_frames(path: Path) -> bool:
    """Whether it is a folder, and none that a search put its pictures in."""
    return path.is_dir() and not path.name.endswith("_thumbnails")


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
