r"""One thing that came in, and the line that keeps it.

A segment (`20260223T101500Z.received`) is text, one JSON object a line. The first says what the file is:

    {"format":"droneteam-received","version":1}
    {"time_us":1772000000250000,"link":"sbs:receiver.local:30003","form":"sbs","text":"MSG,3,1,1,4CA2D6,…"}
    {"time_us":1772000000410000,"link":"tak+udp://239.2.3.1:6969","form":"cot","base64":"vwG/…","sender":"10.0.0.7:4242"}

`time_us` is when it was received, microseconds since 1970 UTC by this machine's clock. `text` or `base64` is
what came, byte for byte: text where that is UTF-8 without control characters but tab and line ends. `sender`
is who sent it, where the link tells several apart. `cut` is true where more of it came than may be kept.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from missions.errors import FormatError

SBS, TRACK, COT, STATE = "sbs", "track", "cot", "state"
FORMS = (SBS, TRACK, COT, STATE)
"""SBS text, a report of a foreign track, an event of TAK; and how the link itself did."""
HEAD = b'{"format":"droneteam-received","version":1}\n'
MOST_BYTES = 65_536
"""Of what came, the beginning: the longest event of TAK."""
LINE_LIMIT_BYTES = 2 * MOST_BYTES + 2_000
"""A text takes at most twice its bytes in JSON, base64 a third more."""
LATEST_US = 253_402_300_800_000_000
"""The year 10000."""
_LONGEST_NAME = 300
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing as it came over `link` at `time_us`; `form` is one of FORMS."""

    time_us: int
    link: str
    form: str
    data: bytes
    sender: str = ""
    cut: bool = False

    @property
    def time_s(self) -> float:
        """When it came, seconds since 1970 UTC."""
        return self.time_us / 1e6


Keep = Callable[[Sequence[Item]], None]
"""Takes what came, to be kept; it must not wait."""


def item(time_s: float, link: str, form: str, data: bytes, sender: str = "", *, longest: int) -> Item:
    """What came at a time; of what is longer than `longest` bytes the beginning."""
    most = min(longest, MOST_BYTES)
    return Item(round(time_s * 1e6), _named(link), form, data[:most], _named(sender), len(data) > most)


def line_of(item: Item) -> bytes:
    """The line that keeps an item, with its end."""
    told: dict[str, Any] = {"time_us": item.time_us, "link": item.link, "form": item.form}
    text = _text_of(item.data)
    if text is None:
        told["base64"] = base64.b64encode(item.data).decode()
    else:
        told["text"] = text
    if item.sender:
        told["sender"] = item.sender
    if item.cut:
        told["cut"] = True
    return orjson.dumps(told) + b"\n"


def item_of(line: bytes) -> Item:
    """The item that a line keeps. Raises FormatError for what is none."""
    if len(line) > LINE_LIMIT_BYTES:
        raise _wrong(f"is longer than {LINE_LIMIT_BYTES} bytes")
    try:
        told = orjson.loads(line)
        time_us, link, form = told["time_us"], told["link"], told["form"]
        data = told["text"].encode() if "text" in told else base64.b64decode(told["base64"], validate=True)
        sender, cut = told.get("sender", ""), told.get("cut", False)
    except (KeyError, TypeError, AttributeError, ValueError, binascii.Error) as error:
        raise _wrong("keeps nothing that was received") from error
    texts = all(isinstance(text, str) and len(text) <= _LONGEST_NAME for text in (link, form, sender))
    if not texts or form not in FORMS or not isinstance(cut, bool) or len(data) > MOST_BYTES:
        raise _wrong("keeps nothing that was received")
    if not isinstance(time_us, int) or isinstance(time_us, bool) or not 0 < time_us < LATEST_US:
        raise _wrong("has a time that is none")
    return Item(time_us, link, form, data, sender, cut)


def _text_of(data: bytes) -> str | None:
    if _CONTROL.search(data):
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _named(text: str) -> str:
    return _UNPRINTABLE.sub("", text)[:_LONGEST_NAME]


def _wrong(what: str) -> FormatError:
    return FormatError(f"a line {what}", remedy="Give a file as Droneteam records it (.received)")
