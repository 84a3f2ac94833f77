"""Handing one stream on to others, so that QGroundControl can listen too."""

from telemetry.routing.outbox import Outbox
from telemetry.routing.router import Forwarded, Router

__all__ = ["Forwarded", "Outbox", "Router"]
