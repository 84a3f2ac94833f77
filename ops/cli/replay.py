"""`droneteam replay`: recordings shown again, on the page or to another ground station."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from missions.errors import InputError
from ops.cli.desk import settings_of
from ops.cli.screen import say
from ops.layout import DOCUMENT

if TYPE_CHECKING:
    from telemetry.replay import Replay

LOGS = {".tlog", ".bin", ".received"}


def replay(
    context: typer.Context,
    recordings: Annotated[
        list[Path],
        typer.Argument(
            metavar="OPERATION|FILE…", help="An operation, a folder, or .tlog, .bin and .received files."
        ),
    ],
    speed: Annotated[
        float, typer.Option(metavar="FACTOR", min=0.1, max=60, help="0.1 to 60; 1 is as it was recorded.")
    ] = 1.0,
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="Begin there: 2026-03-14T09:26:53Z, or +SECONDS."),
    ] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Stand still until somebody plays.")] = False,
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the end.")] = False,
    skip_silence_s: Annotated[
        float | None,
        typer.Option(
            "--skip-silence",
            metavar="SECONDS",
            min=1,
            help="Jump over stretches without data longer than that.",
        ),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", metavar="LINK", help="Also play onto this link, as udpout:HOST:PORT; repeatable."
        ),
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="No page: play once onto the links, then leave.")
    ] = False,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", help="The port; 0 takes a free one.")] = None,
) -> None:
    """Show recordings on the page with a time line, as if they were live, at any speed."""
    from telemetry.clock import SystemClock
    from telemetry.links import open_link
    from telemetry.replay import Replay, open_recordings
    from telemetry.replay.sending import sending

    if headless and not to:
        raise InputError("there is no page and no link", where="--headless", remedy="Name a link with --to")
    settings = settings_of(context, host=host, port=port)
    clock = SystemClock()
    files = _files(recordings)
    timeline = open_recordings(files)
    shown = Replay(timeline, clock, speed=speed, loop=loop, skip_silence_s=skip_silence_s)
    if begin is not None:
        shown.seek(_time_s(begin, shown))
    beside = f", {len(timeline.received)} lines and events of others" if len(timeline.received) else ""
    lasts_s = shown.end_s - shown.begin_s
    say(f"{len(timeline)} frames{beside}, {lasts_s:.0f} s of {', '.join(map(str, recordings))}")
    with ExitStack() as stack:
        for address in to or ():
            link = stack.enter_context(open_link(address, clock))
            stack.callback(shown.hub.subscribe(sending(link, shown.hub)))
        if not paused:
            shown.play()
        if headless:
            _play(shown)
            return
        from ops.alarms.recorded import journals_beside
        from ops.api.server import serve

        serve(
            settings,
            operation_folder=_operation(recordings),
            clock=clock,
            announce=_announce,
            replay=shown,
            journals=journals_beside(files),
        )
    raise KeyboardInterrupt


def _files(recordings: list[Path]) -> list[Path]:
    """The logs meant: those that entered an operation, or all in a folder. Raises InputError."""
    from ops.operations import Operation

    found: list[Path] = []
    for each in recordings:
        if (each / DOCUMENT).is_file():
            inside = [each / file.path for file in Operation.open(each).files("telemetry")]
            found += [path for path in inside if path.suffix.lower() in LOGS]
        elif each.is_dir():
            found += sorted(path for path in each.iterdir() if path.suffix.lower() in LOGS)
        else:
            found.append(each)
    if not found:
        raise InputError(
            "there is no recording in it",
            where=", ".join(map(str, recordings)),
            remedy="Name a .tlog, .bin or .received file, a folder of them, or an operation with telemetry",
        )
    return list(dict.fromkeys(found))


def _operation(recordings: list[Path]) -> Path | None:
    """The operation whose plans and finds are shown with it, where only one was named."""

    folders = [each for each in recordings if (each / DOCUMENT).is_file()]
    return folders[0] if len(folders) == 1 else None


def _play(shown: Replay) -> None:
    """Until the end, or until Ctrl-C."""
    while (wait_s := shown.advance()) is not None:
        shown.clock.sleep(wait_s)


def _time_s(text: str, shown: Replay) -> float:
    """Seconds since 1970 UTC from a time or seconds after the begin. Raises InputError."""
    from datetime import UTC, datetime

    try:
        if text.startswith("+"):
            return shown.begin_s + float(text[1:])
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{text!r} is no time",
            where="--from",
            remedy="Write 2026-03-14T09:26:53Z (UTC), or +90 for 90 seconds after the begin",
        ) from error


def _announce(address: str) -> None:
    typer.echo(address)
    say("Replaying; Ctrl-C ends it.")
