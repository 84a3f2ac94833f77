"""The split by date: no constant and no weight of any detector is chosen on the test dates.

The data set's own split is not used: its test frames lie seconds from its training frames. One training date
is held out when a choice has to be made (`CHOICE`), so that no choice is made on the test dates either.
"""

TRAINING = frozenset({"20201217", "20210116", "20210120"})
TEST = frozenset({"20210114", "20210118", "20210121", "20210123"})
"""Unseen by the network. The detector by contrast had its constants chosen on the first two of these, so that
the two detectors compare on the last two (`tests.bench.heat_score.TEST`)."""
CHOICE = frozenset({"20210120"})
CLASSES = ("Person", "Car", "Bicycle", "OtherVehicle")
IGNORED = len(CLASSES)
"""The class of boxes that count neither way (DontCare)."""
