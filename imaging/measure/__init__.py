"""Measuring in a scene: marks, their positions, and figures with their intervals."""
