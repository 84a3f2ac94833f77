"""Photos that arrive in a folder while it is watched: which are there to the end, and which never will be.

A photo counts as whole once its size and time have stood still for a while and its picture decodes to the
end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from imaging.photos import decode, picture_files, read_photo
from missions.errors import PhotoError
from telemetry.clock import Clock

SETTLED_S = 2.0
GIVEN_UP_S = 60.0
"""After standing still for so long, what does not decode will not come any more."""


@dataclass(slots=True)
class _Seen:
    """A file as it was looked at last: size and time, since when, and what came of decoding it."""

    stamp: tuple[int, int]
    since_s: float
    whole: bool = False
    problem: str = ""
    told: bool = False


class Arrivals:
    """The pictures of a folder. Ask it with `look` now and then."""

    def __init__(self, folder: Path, scene: Path, clock: Clock) -> None:
        self._folder, self._scene, self._clock = folder, scene, clock
        self._seen: dict[Path, _Seen] = {}

    def look(self) -> dict[Path, tuple[int, int]]:
        """Every photo that is whole or given up, each with what changes where it is written anew."""
        now_s = self._clock.monotonic_s()
        there = dict(self._stamps())
        for gone in set(self._seen) - set(there):
            del self._seen[gone]
        for path, stamp in there.items():
            seen = self._seen.get(path)
            if seen is None or seen.stamp != stamp:
                self._seen[path] = _Seen(stamp, now_s)
            elif not seen.whole and not seen.problem and now_s - seen.since_s >= SETTLED_S:
                self._try(path, seen)
        return {path: seen.stamp for path, seen in sorted(self._seen.items()) if seen.whole or seen.told}

    def given_up(self) -> list[tuple[Path, str]]:
        """Photos that have stood still for long and do not decode, each once, with the reason."""
        now_s = self._clock.monotonic_s()
        found = []
        for path, seen in sorted(self._seen.items()):
            if seen.problem and not seen.told and now_s - seen.since_s >= GIVEN_UP_S:
                seen.told = True
                found.append((path, seen.problem))
        return found

    def missing_from(self, made: Mapping[Path, tuple[int, int]]) -> list[Path]:
        """Photos of the folder as they are now that are not in what was `made` of those with these stamps."""
        return [path for path, stamp in sorted(self._stamps()) if made.get(path) != stamp]

    def _stamps(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        with suppress(PhotoError):  # no folder or no photo yet
            for path in picture_files(self._folder, leave_out=self._scene):
                with suppress(OSError):
                    told = path.stat()
                    yield path, (told.st_size, told.st_mtime_ns)

    @staticmethod
    def _try(path: Path, seen: _Seen) -> None:
        try:
            read_photo(path)
            decode(path, reduce=8)
        except PhotoError as error:
            seen.problem = error.what
        else:
            seen.whole = True
