"""Marking in a scene that was made: predictions, residuals, and adjusting it again with the marks."""
