"""A whole recording as columns: one numpy structured array a message type."""

from telemetry.columns.reading import Columns, Frames, columns_of, frames_in, frames_of, read_columns

__all__ = ["Columns", "Frames", "columns_of", "frames_in", "frames_of", "read_columns"]
