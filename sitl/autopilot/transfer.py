"""The vehicle's side of the mission protocol (mavlink.io/en/services/mission.html), for one link.

It pulls an upload item by item, asks again each second, gives up after eight, and changes nothing until the
list is whole. Seconds are the link's, not the simulated ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from missions.items import MissionType
from sitl.autopilot.store import CAPACITY, MissionStore, StoredItem, plain_frame
from sitl.autopilot.wire import MissionResult
from telemetry.dialect import takes_place
from telemetry.messages import Message

ASK_AGAIN_S = 1.0
GIVE_UP_S = 8.0
_NO_PLACE = 2**31 - 1
Send = Callable[..., None]
"""Called with a message's name and its fields."""


class MissionTransfer:
    """Uploads, downloads and clearing over one link. `changed` is told which list was replaced."""

    def __init__(
        self,
        store: MissionStore,
        send: Send,
        home_item: Callable[[], StoredItem],
        changed: Callable[[MissionType], None],
    ) -> None:
        self._store = store
        self._send = send
        self._home_item = home_item
        self._changed = changed
        self._upload: _Upload | None = None

    @property
    def busy(self) -> bool:
        """Whether an upload is under way."""
        return self._upload is not None

    def handle(self, message: Message, now_s: float, *, others_busy: bool) -> None:
        """Answer one message of the protocol."""
        kind = _kind(message)
        if kind is None:
            self._acknowledge(message, 0, MissionResult.UNSUPPORTED)
            return
        match message.name:
            case "MISSION_COUNT":
                self._begin(message, kind, now_s, others_busy=others_busy)
            case "MISSION_ITEM_INT" | "MISSION_ITEM":
                self._take(message, kind, now_s)
            case "MISSION_REQUEST_LIST":
                self._count(message, kind)
            case "MISSION_REQUEST_INT" | "MISSION_REQUEST":
                self._give(message, kind)
            case "MISSION_CLEAR_ALL":
                self._clear(message)

    def tick(self, now_s: float) -> None:
        """Ask again for what did not come, or give up."""
        upload = self._upload
        if upload is None:
            return
        if now_s - upload.heard_s > GIVE_UP_S:
            self._upload = None
            self._acknowledge(upload.first, upload.kind, MissionResult.OPERATION_CANCELLED)
        elif now_s - upload.asked_s > ASK_AGAIN_S:
            self._ask(upload, now_s)

    def _begin(self, message: Message, kind: MissionType, now_s: float, *, others_busy: bool) -> None:
        if others_busy:
            self._acknowledge(message, kind, MissionResult.DENIED)
        elif message.count > CAPACITY[kind]:
            self._acknowledge(message, kind, MissionResult.NO_SPACE)
        elif message.count == 0:
            self._upload = None
            self._store.replace(kind, ())
            self._changed(kind)
            self._acknowledge(message, kind, MissionResult.ACCEPTED)
        else:
            self._upload = _Upload(kind, message, now_s)
            self._ask(self._upload, now_s)

    def _ask(self, upload: _Upload, now_s: float) -> None:
        upload.asked_s = now_s
        self._send(
            "MISSION_REQUEST_INT", **_to(upload.first), seq=len(upload.items), mission_type=int(upload.kind)
        )

    def _take(self, message: Message, kind: MissionType, now_s: float) -> None:
        upload = self._upload
        if upload is None or upload.kind is not kind:
            self._acknowledge(message, kind, MissionResult.ERROR)
            return
        if message.seq != len(upload.items):
            self._acknowledge(message, kind, MissionResult.INVALID_SEQUENCE)
            return
        item = stored_item(message)
        result = self._store.check(kind, item)
        if result is not MissionResult.ACCEPTED:
            self._upload = None
            self._acknowledge(message, kind, result)
            return
        upload.items.append(item)
        upload.heard_s = now_s
        if len(upload.items) < upload.first.count:
            self._ask(upload, now_s)
            return
        self._upload = None
        result = self._store.replace(kind, tuple(upload.items))
        self._changed(kind)
        self._acknowledge(message, kind, result)

    def _count(self, message: Message, kind: MissionType) -> None:
        self._send(
            "MISSION_COUNT", **_to(message), count=len(self._store.items(kind)), mission_type=int(kind)
        )

    def _give(self, message: Message, kind: MissionType) -> None:
        items = self._store.items(kind)
        if not 0 <= message.seq < len(items):
            self._acknowledge(message, kind, MissionResult.INVALID_SEQUENCE)
            return
        item = self._home_item() if kind is MissionType.MISSION and message.seq == 0 else items[message.seq]
        whole = message.name == "MISSION_REQUEST_INT"
        scale = 1 if whole or not takes_place(item.command) else 1e7
        fields: dict[str, Any] = {
            "x": item.x if whole else item.x / scale,
            "y": item.y if whole else item.y / scale,
            "z": item.z,
            **{f"param{number}": getattr(item, f"p{number}") for number in (1, 2, 3, 4)},
        }
        self._send(
            "MISSION_ITEM_INT" if whole else "MISSION_ITEM",
            **_to(message),
            **fields,
            seq=message.seq,
            frame=item.frame,
            command=item.command,
            autocontinue=item.autocontinue,
            mission_type=int(kind),
        )

    def _clear(self, message: Message) -> None:
        kinds = list(MissionType) if message.mission_type == 255 else [MissionType(message.mission_type)]
        for kind in kinds:
            self._store.replace(kind, ())
            self._changed(kind)
        self._acknowledge(message, message.mission_type, MissionResult.ACCEPTED)

    def _acknowledge(self, message: Message, kind: int, result: MissionResult) -> None:
        self._send("MISSION_ACK", **_to(message), type=int(result), mission_type=int(kind))


class _Upload:
    """One list on its way in."""

    def __init__(self, kind: MissionType, first: Message, now_s: float) -> None:
        self.kind = kind
        self.first = first
        self.items: list[StoredItem] = []
        self.heard_s = now_s
        self.asked_s = now_s


def stored_item(message: Message) -> StoredItem:
    """The item in a MISSION_ITEM_INT, or in an old MISSION_ITEM."""
    scale = 1e7 if message.name == "MISSION_ITEM" and takes_place(message.command) else 1
    return StoredItem(
        command=message.command,
        frame=plain_frame(message.frame),
        p1=message.param1,
        p2=message.param2,
        p3=message.param3,
        p4=message.param4,
        x=_whole(message.x * scale),
        y=_whole(message.y * scale),
        z=message.z,
        autocontinue=message.autocontinue,
    )


def _whole(value: float) -> int:
    """A whole number; what is none becomes one that no place has."""
    return round(value) if math.isfinite(value) and abs(value) < _NO_PLACE else _NO_PLACE


def _kind(message: Message) -> MissionType | None:
    number = message.fields.get("mission_type", 0)
    if number == 255 and message.name == "MISSION_CLEAR_ALL":
        return MissionType.MISSION
    return MissionType(number) if number in iter(MissionType) else None


def _to(message: Message) -> dict[str, int]:
    return {"target_system": message.system, "target_component": message.component}
