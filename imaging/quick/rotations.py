"""How the pictures are turned: what the gimbal says and what the links say, brought together.

Rotation averaging by turns (Hartley, Trumpf, Dai and Li 2013, section 5): each picture takes the mean of what
its neighbours make of it and of its own gimbal, votes far off counting less.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from imaging.lens import Array
from imaging.quick.links import Link

ROUNDS = 15
GIMBAL_VOTES = 1.0
LINK_VOTES = 1.0
FAR_OFF = 0.05
"""A vote turned by more than this (radians) counts less, and less the further."""
DOWN_VOTES = 0.3
LIES = 0.6
CONTRADICTION_DEG = 25.0
LEAST_BASELINE_M = 3.0
LEAST_WAY_M = 5.0
ASTRAY_DEG = 45.0
LOOKS_DOWN = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
"""Camera from local of one that looks straight down, its upper side north."""


def camera_from_gimbal(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Array:
    """(3, 3) camera from local: rows are the camera's right, down and forward in east, north, up.

    Yaw clockwise from north, pitch up (-90 looks straight down), roll positive with the right side down.
    """
    yaw, pitch, roll = (math.radians(angle) for angle in (yaw_deg, pitch_deg, roll_deg))
    forward = np.array([math.cos(pitch) * math.sin(yaw), math.cos(pitch) * math.cos(yaw), math.sin(pitch)])
    level = np.array([math.cos(yaw), -math.sin(yaw), 0.0])
    right = math.cos(roll) * level + math.sin(roll) * np.cross(forward, level)
    return np.stack([right, np.cross(forward, right), forward])


def rotations(
    members: Sequence[int], links: Sequence[Link], told: dict[int, Array], places: dict[int, Array]
) -> dict[int, Array]:
    """Camera from local for every member of a part that the links join.

    `told` are those that the gimbal gives. Where it gives none, the links settle the rotations to each other,
    and the `places` (metres) and cameras that mostly look down settle how all of them lie to the map.
    """
    known = {member: told[member] for member in members if member in told}
    links = [link for link in links if not _contradicts(link, known)] or list(links)
    first = max(
        members, key=lambda member: sum(len(each) for each in links if member in (each.first, each.second))
    )
    found = _chained(known or {first: np.eye(3)}, links)
    found = _averaged(found, links, known)
    if known:
        return found
    turn = _map_from_model(found, links, places)
    return {member: rotation @ turn for member, rotation in found.items()}


def nearest_rotation(matrix: Array) -> Array:
    """The rotation closest to a (3, 3) matrix, or to each of (..., 3, 3)."""
    u, _, vt = np.linalg.svd(matrix)
    vt[..., 2, :] *= np.sign(np.linalg.det(u @ vt))[..., None]
    return np.asarray(u @ vt)


def angle(first: Array, second: Array) -> float:
    """Radians between two rotations."""
    return float(np.arccos(np.clip((np.sum(first * second) - 1) / 2, -1.0, 1.0)))


def _contradicts(link: Link, known: dict[int, Array]) -> bool:
    """Whether a link turns its pictures otherwise than both gimbals by more than they can be off together."""
    if link.first not in known or link.second not in known:
        return False
    return angle(link.rotation @ known[link.first], known[link.second]) > math.radians(CONTRADICTION_DEG)


def believed_gimbals(
    known: dict[int, Array], links: Sequence[Link], places: dict[int, Array]
) -> dict[int, Array]:
    """The rotations that gimbals tell without those that most of their links contradict, the worst first.

    A link between two photos with positions (metres) is held against each of the two gimbals by itself: the
    way to the other photo leads elsewhere than the positions do. Headings that are all wrong alike agree with
    each other and are found out all the same. Where positions say nothing the two gimbals are compared.
    """
    known = dict(known)
    while known:
        against = dict.fromkeys(known, 0)
        total = dict(against)
        for link in links:
            for member in (link.first, link.second):
                if member not in known:
                    continue
                contradicted = _led_astray(link, member, known[member], places)
                if contradicted is None:
                    if link.first not in known or link.second not in known:
                        continue
                    contradicted = _contradicts(link, known)
                total[member] += len(link)
                against[member] += len(link) * contradicted
        share = {member: against[member] / total[member] for member in known if total[member]}
        worst = max(share, key=lambda member: (share[member], -member), default=None)
        if worst is None or share[worst] <= LIES:
            break
        del known[worst]
    return known


def _led_astray(link: Link, member: int, rotation: Array, places: dict[int, Array]) -> bool | None:
    """Whether a member's rotation makes the link lead elsewhere than the positions do, None if too close."""
    if link.first not in places or link.second not in places:
        return None
    way = places[link.second] - places[link.first]
    length_m = float(np.linalg.norm(way))
    if length_m < LEAST_WAY_M:
        return None
    here = -link.rotation.T @ link.baseline if member == link.first else -link.baseline
    return bool(way @ (rotation.T @ here) < math.cos(math.radians(ASTRAY_DEG)) * length_m)


def _chained(start: dict[int, Array], links: Sequence[Link]) -> dict[int, Array]:
    """Rotations of all that links reach from the start, by the strongest links first."""
    around: dict[int, list[Link]] = defaultdict(list)
    for link in links:
        around[link.first].append(link)
        around[link.second].append(link)
    found = dict(start)
    waiting = [(-len(link), link.first, link.second, link) for member in found for link in around[member]]
    heapq.heapify(waiting)
    while waiting:
        *_, link = heapq.heappop(waiting)
        if (link.first in found) == (link.second in found):
            continue
        fresh = link.second if link.first in found else link.first
        if fresh == link.second:
            found[fresh] = link.rotation @ found[link.first]
        else:
            found[fresh] = link.rotation.T @ found[link.second]
        for other in around[fresh]:
            heapq.heappush(waiting, (-len(other), other.first, other.second, other))
    return found


def _averaged(found: dict[int, Array], links: Sequence[Link], known: dict[int, Array]) -> dict[int, Array]:
    votes: dict[int, list[tuple[int, Array, float]]] = defaultdict(list)
    for link in links:
        if link.first in found and link.second in found:
            weight = LINK_VOTES * min(1.0, len(link) / 50)
            votes[link.second].append((link.first, link.rotation, weight))
            votes[link.first].append((link.second, link.rotation.T, weight))
    for _ in range(ROUNDS):
        found = {member: _mean(member, found, votes[member], known) for member in found}
    return found


def _mean(
    member: int, found: dict[int, Array], votes: list[tuple[int, Array, float]], known: dict[int, Array]
) -> Array:
    here = found[member]
    total = 0.5 * here
    if member in known:
        total = total + GIMBAL_VOTES * known[member]
    for neighbour, rotation, weight in votes:
        vote = rotation @ found[neighbour]
        total = total + weight * min(1.0, FAR_OFF / max(angle(vote, here), 1e-9)) * vote
    return nearest_rotation(total)


def _map_from_model(found: dict[int, Array], links: Sequence[Link], places: dict[int, Array]) -> Array:
    """(3, 3) model from local: turns the way between places, and the way that cameras look (Wahba 1965)."""
    correlation = np.zeros((3, 3))
    down = np.array([0.0, 0.0, -1.0])
    total = 0.0
    for link in links:
        if link.first not in places or link.second not in places:
            continue
        way = places[link.second] - places[link.first]
        length_m = float(np.linalg.norm(way))
        if length_m >= LEAST_BASELINE_M:
            # The second centre lies at -Rᵀ b in the first camera's frame.
            model = -found[link.second].T @ link.baseline
            correlation += np.outer(model, way / length_m)
            total += 1.0
    looks = sum((np.outer(rotation[2], down) for rotation in found.values()), np.zeros((3, 3)))
    correlation += DOWN_VOTES * max(total, 1.0) / len(found) * looks
    return nearest_rotation(correlation)
