"""People in thermal frames by a small network that was trained for it (docs/heat_model.md)."""

from imaging.thermal.learned.detecting import LearnedDetector, LearnedOptions
from imaging.thermal.learned.network import MODEL, Network

__all__ = ["MODEL", "LearnedDetector", "LearnedOptions", "Network"]
