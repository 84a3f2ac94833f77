"""Plans proved by flying them: real ArduPilot, its recording, and what the plan promised beside it.

cases -> flown (`fly_plan`) -> recordings -> `judge` -> verdicts -> a table
"""

from sitl.proof.flight import Flown, fly_plan
from sitl.proof.judge import judge
from sitl.proof.verdict import Verdict

__all__ = ["Flown", "Verdict", "fly_plan", "judge"]
