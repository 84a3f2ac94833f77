"""A stream of bytes, line by line, and never more of it in memory than one line may be long."""

from __future__ import annotations


class LineReader:
    """Parts a stream at its newlines, leaving out empty lines.

    Of a line longer than `most_bytes` comes the beginning, one byte more than that, so that whoever reads it
    sees that it was too long.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without their ends."""
        *whole, rest = (self._rest + data).split(b"\n")
        if self._skipping and whole:
            del whole[0]
            self._skipping = False
        lines = [line[: self._most + 1] for line in whole]
        if self._skipping:
            rest = b""
        elif len(rest) > self._most:
            lines.append(rest[: self._most + 1])
            self._skipping, rest = True, b""
        self._rest = rest
        return [line for line in (line.rstrip(b"\r") for line in lines) if line.strip()]
