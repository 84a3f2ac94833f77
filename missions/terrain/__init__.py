"""The ground below a route: elevation files, heights held above them, and what they cannot tell.

files -> Terrain (heights of places) -> follow (a route at a height above ground) -> findings
"""

from missions.terrain.checks import terrain_findings
from missions.terrain.elevation import open_terrain
from missions.terrain.follow import follow
from missions.terrain.limits import Followed, Limits, Missing
from missions.terrain.profile import Profile, profile
from missions.terrain.surface import AnalyticTerrain, Source, Terrain

__all__ = [
    "AnalyticTerrain",
    "Followed",
    "Limits",
    "Missing",
    "Profile",
    "Source",
    "Terrain",
    "follow",
    "open_terrain",
    "profile",
    "terrain_findings",
]
