"""Covering an area in metres: lanes, gaps, order, and the ways between them."""

from missions.coverage.cover import Coverage, Settings, cover
from missions.coverage.lanes import Swath

__all__ = ["Coverage", "Settings", "Swath", "cover"]
