"""The split by date: no constant and no weight of any detector is chosen on the test dates.

The data set's own split is not used: its test frames lie seconds from its training frames. Two training dates
are held out when a choice has to be made (`CHOICE`), so that no choice is made on the test dates either.
"""

TRAINING = frozenset({"20201217", "20210114", "20210116", "20210118", "20210120"})
TEST = frozenset({"20210121", "20210123"})
"""Unseen by the network and by whoever chose the constants of the detector by contrast
(`tests.bench.heat_score.TEST`)."""
CHOICE = frozenset({"20210118", "20210120"})
CLASSES = ("Person", "Car", "Bicycle", "OtherVehicle")
IGNORED = len(CLASSES)
"""The class of boxes that count neither way (DontCare)."""
