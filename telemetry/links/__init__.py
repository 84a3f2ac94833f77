"""Links: where frames come from and commands go to. Live, recorded and simulated ones are used alike."""

from telemetry.links.base import Link, LinkClosed
from telemetry.links.opening import FORMS, open_link

__all__ = ["FORMS", "Link", "LinkClosed", "open_link"]
