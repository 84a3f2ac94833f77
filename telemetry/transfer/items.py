"""Mission items on the wire: MISSION_ITEM_INT out, that and the older MISSION_ITEM in.

Places travel as degrees x 1e7 (mavlink.io/en/services/mission.html); where parameters 5 and 6 are no place
they travel as whole numbers.
"""

from __future__ import annotations

import math
from typing import Any

from missions.errors import InputError
from missions.items import MissionItem, MissionType
from telemetry.dialect import takes_place
from telemetry.messages import Message

_INT32_MAX = 2**31 - 1


def fields_from_item(item: MissionItem, sequence: int, kind: MissionType) -> dict[str, Any]:
    """The fields of MISSION_ITEM_INT. Raises InputError for a place that is none."""
    scale = 1e7 if takes_place(item.command) else 1.0
    return {
        "seq": sequence,
        "frame": item.frame,
        "command": item.command,
        "current": 0,
        "autocontinue": int(item.autocontinue),
        "param1": item.p1,
        "param2": item.p2,
        "param3": item.p3,
        "param4": item.p4,
        "x": _whole(item.x * scale, sequence),
        "y": _whole(item.y * scale, sequence),
        "z": item.z,
        "mission_type": int(kind),
    }


def item_from_message(message: Message) -> MissionItem:
    """The item in a MISSION_ITEM_INT or a MISSION_ITEM."""
    scale = 1e7 if message.name == "MISSION_ITEM_INT" and takes_place(message.command) else 1.0
    return MissionItem(
        command=message.command,
        frame=message.frame,
        p1=message.param1,
        p2=message.param2,
        p3=message.param3,
        p4=message.param4,
        x=message.x / scale,
        y=message.y / scale,
        z=message.z,
        autocontinue=bool(message.autocontinue),
    )


def _whole(value: float, sequence: int) -> int:
    if not math.isfinite(value) or abs(value) > _INT32_MAX:
        raise InputError(f"item {sequence} has no place that can be sent ({value})")
    return round(value)
