"""Missions, fences and rally points: up, down, cleared and compared.

from telemetry.transfer import upload_and_verify
differences = upload_and_verify(client, MissionType.MISSION, mission_items(plan))
"""

from telemetry.transfer.driver import clear, download, upload, upload_and_verify

__all__ = ["clear", "download", "upload", "upload_and_verify"]
