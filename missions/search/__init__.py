"""Where a missing person may be, what was searched and what chance is left."""
