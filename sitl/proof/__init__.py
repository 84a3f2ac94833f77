"""Plans proved by flying them: real ArduPilot, its recording, and what the plan promised beside it."""

from sitl.proof.flight import Flown, fly_in_turn, fly_together
from sitl.proof.judge import Verdict, judge

__all__ = ["Flown", "Verdict", "fly_in_turn", "fly_together", "judge"]
