"""A link on which only what is signed is heard, and all that is sent is signed."""

from __future__ import annotations

from telemetry.frames import Frame, FrameReader
from telemetry.links.base import Link
from telemetry.signing.checking import Checker, Verdict
from telemetry.signing.signer import Signer


class SignedLink(Link):
    """Any link, with a guard in front of it: frames that `checker` does not believe are not heard.

    Without a `signer` what is sent goes out as it is.
    """

    def __init__(self, link: Link, checker: Checker, signer: Signer | None = None) -> None:
        self.address = link.address
        self.checker = checker
        self._link = link
        self._signer = signer
        self._out = FrameReader()

    @property
    def bad_bytes(self) -> int:
        return self._link.bad_bytes

    @property
    def problem(self) -> str:
        counts = self.checker.counts
        bad = [verdict for verdict in Verdict if not verdict.believed and counts[verdict]]
        told = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in bad)
        return f"frames refused: {told}" if told else ""

    def receive(self, timeout_s: float) -> list[Frame]:
        return [frame for frame in self._link.receive(timeout_s) if self.checker.check(frame).believed]

    def send(self, data: bytes) -> None:
        if self._signer is None:
            self._link.send(data)
            return
        for frame in self._out.feed(data, 0):
            self._link.send(self._signer.sign(frame))

    def close(self) -> None:
        self._link.close()
