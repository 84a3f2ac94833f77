"""Plans that outlast a battery: cut into flights from a take-off point and back to it, with the reserve kept.

plan -> rows to cut at -> ways home -> cuts -> sorties -> flights, each a plan of its own
"""

from missions.sorties.dividing import SWAP_S, divide, sorties_of
from missions.sorties.parts import flights

__all__ = ["SWAP_S", "divide", "flights", "sorties_of"]
