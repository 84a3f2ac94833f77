"""How warm the ground is, by day in the sun and in a clear night."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from sitl.world.canvas import Material
from sitl.world.noise import Field
from sitl.world.world import World

SKY_C = -25.0
CONDUCTION_M = 0.1
LEAVES_C = {True: 9.5, False: 23.0}
DAY_C = {
    Material.GRASS: 27.0,
    Material.ASPHALT: 41.0,
    Material.PAVING: 38.0,
    Material.GRAVEL: 36.0,
    Material.PAINT: 35.0,
    Material.LEAVES: LEAVES_C[False],
    Material.METAL: 43.0,
    Material.GLASS: 39.0,
    Material.STONE: 33.0,
    Material.SOIL: 33.0,
}
NIGHT_C = {
    Material.GRASS: 6.5,
    Material.ASPHALT: 12.5,
    Material.PAVING: 11.0,
    Material.GRAVEL: 9.0,
    Material.PAINT: 11.5,
    Material.LEAVES: LEAVES_C[True],
    Material.METAL: 3.0,
    Material.GLASS: 2.0,
    Material.STONE: 10.0,
    Material.SOIL: 8.0,
}


def ground_temperature(world: World, *, night: bool) -> Field:
    """(cells, cells) degrees Celsius of the world's surface, its blotches and grain included.

    By day a shadow is up to 9 degrees cooler than the sun beside it. The figures are typical apparent
    temperatures of a mild day and a clear night.
    """
    table = NIGHT_C if night else DAY_C
    lookup = np.zeros(max(Material) + 1, np.float32)
    for material, typical_c in table.items():
        lookup[material] = typical_c
    blotches, grain = (0.5, 0.3) if night else (1.2, 0.9)
    by_material = lookup[world.materials.planes[0]]
    celsius: Field = ndimage.gaussian_filter(by_material, CONDUCTION_M / world.texel_m)
    celsius = celsius + np.float32(blotches) * world.blotches + np.float32(grain) * world.grain.planes[0]
    if not night:
        celsius -= np.float32(15) * np.clip(1 - world.sunlit, 0, 0.6)
    return np.asarray(celsius, np.float32)
