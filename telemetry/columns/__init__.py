"""A whole recording as columns: one numpy structured array a message type."""

from telemetry.columns.reading import Columns, columns_of, read_columns

__all__ = ["Columns", "columns_of", "read_columns"]
