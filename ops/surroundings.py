"""What is round our aircraft, and who is told of them: ADS-B, foreign tracks, TAK.

`surroundings` opens everything that the settings name, or says in one error what will not do; nothing is
heard and nothing sent until it is `running`. A replay has none (`ops.replayed_traffic` shows what it holds):
what was once is never told as if it were now.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from missions.errors import LinkError, SettingsError
from ops.alarms import ListedAlarm
from ops.config import Settings
from ops.nearby import TrafficForAlerts, Undulations, told_twice
from ops.telling import Telling
from ops.telling_alarms import AlarmsTold, checked_least
from telemetry.alerts import Traffic
from telemetry.hub import Hub
from telemetry.received.items import TRACK, Item, item
from telemetry.received.recorder import ReceivedRecorder
from telemetry.tak import TakFeed, TakLink, TakStation, reports_into
from telemetry.traffic import (
    Aircraft,
    ForeignReport,
    SbsSource,
    TracksSource,
    TrafficPicture,
    track_report_of,
)
from telemetry.traffic.addresses import SBS_FORM, TRACKS_FORMS
from telemetry.traffic.foreign import MAX_REPORT_BYTES
from telemetry.traffic.worker import Worker

if TYPE_CHECKING:
    from ops.api.models import FindReport

SHORTEST_TOKEN = 16
LET_OUT_S = 1.0
POSTED = "POST /api/tracks"
"""The link that reports come over which programs send to the web service."""


class Surroundings:
    """All who are not ours, for the service, the page and the alarms. Any thread may ask anything.

    `recorder` is set by whoever records: it gets all that comes, as it came and before anything is made of
    it.
    """

    def __init__(self, settings: Settings, hub: Hub) -> None:
        self.token = _checked_token(settings.tracks_token)
        self.hub = hub
        self.station = TakStation(settings.station_name or _machine_name())
        self.undulations = Undulations(hub)
        self._picture = TrafficPicture(hub.clock)
        self._alerting = TrafficForAlerts(hub, self.aircraft, self.foreign, self.undulations)
        self.recorder: ReceivedRecorder | None = None
        self._workers: list[Worker] = []
        self._tak: list[TakLink] = []
        self._least = checked_least(settings.tak_alarms)

    def open(self, tak: Sequence[str], traffic: Sequence[str]) -> None:
        """Take in every address, and the ports that we are to hear. Raises LinkError and SettingsError."""
        for address in tak:
            take = reports_into(self._picture, self.hub.clock)
            self._tak.append(TakLink(address, self.hub.clock, take, keep=self._kept))
            self._add(self._tak[-1])
        for address in traffic:
            self._add(self._source(address))

    @contextmanager
    def running(
        self,
        finds: Callable[[], Sequence[FindReport]] = tuple,
        alarms: Callable[[], Sequence[ListedAlarm]] = tuple,
    ) -> Iterator[None]:
        """Hear and tell while the block runs; `finds` and `alarms` are those that officers are to see."""
        with ExitStack() as stack:
            stack.callback(self.hub.subscribe(self.undulations))
            stack.callback(self.hub.subscribe(self._picture))
            for worker in self._workers:
                worker.start()
            if self._tak:
                feed = TakFeed(self.hub, self.station, self._tak)
                stack.callback(self.hub.subscribe(feed))
                told = AlarmsTold(
                    self.station,
                    feed.send,
                    alarms,
                    self.hub,
                    self.undulations,
                    self._least,
                    self._let_out,
                )
                stack.callback(told.close)
                telling = Telling(
                    self.station, feed.send, self.foreign, finds, self.undulations, also=told.tick
                )
                stack.enter_context(telling)
            yield

    def close(self) -> None:
        """Let go of every connection and port."""
        for worker in self._workers:  # all at once: each may take seconds to give up what it waits for
            worker.stopping.set()
        for worker in self._workers:
            worker.stop()

    def aircraft(self) -> dict[str, Aircraft]:
        """Other aircraft heard in the last minute, by key."""
        return self._picture.traffic()

    def foreign(self) -> Mapping[str, ForeignReport]:
        """Foreign tracks of the last minute, by key, without those of aircraft that we hear ourselves."""
        reports, vehicles = self._picture.reports(), self.hub.vehicles()
        return {key: each for key, each in reports.items() if not told_twice(each, reports, vehicles)}

    def report(self, report: ForeignReport) -> None:
        """Take in a report of a foreign track. Raises InputError where it is refused."""
        self._picture.report(report)

    def posted(self, data: bytes, sender: str) -> ForeignReport:
        """Take in a report that a program sent to the web service, and keep it as it came.

        Raises InputError for what is none, and where it is refused.
        """
        now_s = self.hub.clock.now_s()
        self._kept([item(now_s, POSTED, TRACK, data, sender, longest=MAX_REPORT_BYTES)])
        report = track_report_of(data)
        self.report(report)
        return report

    def traffic_for_alerts(self) -> Sequence[Traffic]:
        """What an alert desk is to keep ours apart from; see `ops.nearby.TrafficForAlerts`."""
        return self._alerting()

    def _source(self, address: str) -> Worker:
        if address.startswith("sbs:"):
            return SbsSource(address, self.hub.clock, self._picture.take, keep=self._kept)
        if address.startswith("tracks+"):
            return TracksSource(address, self.hub.clock, self._picture.report, keep=self._kept)
        raise LinkError(
            "this is no source of traffic", where=address, remedy=f"Write one of {SBS_FORM}, {TRACKS_FORMS}"
        )

    def _let_out(self, something: bool) -> None:
        """Wait a moment until everything is sent, if there is `something` that is worth it."""
        clock = self.hub.clock
        until_s = clock.monotonic_s() + (LET_OUT_S if something else 0.0)
        while clock.monotonic_s() < until_s and any(link.sending.waiting for link in self._tak):
            clock.sleep(0.02)

    def _kept(self, items: Sequence[Item]) -> None:
        if self.recorder is not None:
            self.recorder(items)

    def _add(self, worker: Worker) -> None:
        taken = any(worker.address == other.address for other in self._workers)
        self._workers.append(worker)
        if taken:
            raise SettingsError(
                "the address is given twice", where=worker.address, remedy="Give each address once"
            )
        self.hub.watch(worker.address, lambda: worker.health)


@contextmanager
def surroundings(
    settings: Settings,
    hub: Hub,
    *,
    tak: Sequence[str] | None = None,
    traffic: Sequence[str] | None = None,
    links: Sequence[str] = (),
) -> Iterator[Surroundings]:
    """What is round the aircraft of `hub`, checked and opened, and closed again; `running` starts it.

    `tak` and `traffic` win over the settings. `links` are those that the hub hears: what comes from a
    recording is not told to others, so the TAK of the settings is left out then. Raises LinkError and
    SettingsError, also where a recording and `tak` are both asked for.
    """
    if tak is None:
        tak = () if recordings_of(links) else settings.tak
    refuse_recordings(links, tak)
    made = Surroundings(settings, hub)
    try:
        made.open(tak, settings.traffic if traffic is None else traffic)
        yield made
    finally:
        made.close()


def recordings_of(links: Sequence[str]) -> list[str]:
    """Those links that are recordings."""
    return [link for link in links if link.startswith(("tlog:", "bin:"))]


def refuse_recordings(links: Sequence[str], told: Sequence[str]) -> None:
    """Raises SettingsError where others would be told of a recording as if it were now."""
    recordings = recordings_of(links)
    if recordings and told:
        raise SettingsError(
            "a recording would be told to others as if it flew now",
            where=f"{recordings[0]} and {told[0]}",
            remedy="Show it with `droneteam replay`, or leave out those who are told",
        )


def _checked_token(token: str) -> str:
    if token and (len(token) < SHORTEST_TOKEN or not re.fullmatch(r"[!-~]+", token)):
        raise SettingsError(
            "the token is too short or has other than printable ASCII characters",
            where="tracks_token",
            remedy=f"Give {SHORTEST_TOKEN} characters or more that nobody can guess",
        )
    return token


def _machine_name() -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())[:40] or "droneteam"
