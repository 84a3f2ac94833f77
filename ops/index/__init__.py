"""The telemetry index of a folder of recordings: SQLite tables that answer fast and can be made again."""

from ops.beside import INDEX_NAME
from ops.index.alert_log import append as record_alerts
from ops.index.database import IndexDamaged
from ops.index.foreign import FOREIGN_POINT, Foreigner, ForeignPassage
from ops.index.opening import open_index
from ops.index.points import POINT
from ops.index.reading import Index
from ops.index.rebuilding import rebuild
from ops.index.rows import Alert, Flight, Passage, Segment, Vehicle
from ops.index.writer import IndexWriter

__all__ = [
    "FOREIGN_POINT",
    "INDEX_NAME",
    "POINT",
    "Alert",
    "Flight",
    "ForeignPassage",
    "Foreigner",
    "Index",
    "IndexDamaged",
    "IndexWriter",
    "Passage",
    "Segment",
    "Vehicle",
    "open_index",
    "rebuild",
    "record_alerts",
]
