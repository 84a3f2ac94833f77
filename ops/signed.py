"""Links on which only signed vehicles are heard, where the settings name their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ops.config import Settings
from telemetry.clock import Clock
from telemetry.links import Link

Guard = Callable[[Link], Link]
TIMES_SUFFIX = ".times.json"


@contextmanager
def guarding(settings: Settings, clock: Clock) -> Iterator[Guard]:
    """What to put round every link that is opened; nothing where `mavlink_keys` names no file.

    The time stamps are kept beside the keys. Raises InputError and FormatError for what cannot be read.
    """
    if settings.mavlink_keys is None:
        yield lambda link: link
        return
    from telemetry.signing import Checker, SignedLink, Signer, StreamTimes, read_keys

    path = settings.mavlink_keys
    keys = read_keys(path)
    times = StreamTimes(path.with_name(path.name + TIMES_SUFFIX))
    try:
        yield lambda link: SignedLink(link, Checker(keys, times, clock), Signer(keys, times, clock))
    finally:
        times.close()
