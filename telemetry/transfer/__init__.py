"""Missions, fences and rally points: up, down, cleared and compared; all three of a plan at once.

from telemetry.transfer import upload_and_verify
differences = upload_and_verify(client, MissionType.MISSION, mission_items(plan))
"""

from telemetry.transfer.driver import clear, download, upload, upload_and_verify
from telemetry.transfer.plans import Held, refuse_blocked, upload_plan

__all__ = ["Held", "clear", "download", "refuse_blocked", "upload", "upload_and_verify", "upload_plan"]
