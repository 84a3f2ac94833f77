"""Covering an area in metres: lanes, gaps, order, and the ways between them."""

from missions.coverage.cover import Coverage, Settings, cover
from missions.coverage.entry import Corner, corners, entry_place
from missions.coverage.lanes import Swath

__all__ = ["Corner", "Coverage", "Settings", "Swath", "corners", "cover", "entry_place"]
