"""Which cells answer for which box, and what a wrong answer costs.

Cells are given to boxes by how well score and overlap agree (task-aligned assignment, Feng et al. 2021), the
score's target is that agreement, and a box's error is the complete intersection over union (Zheng et al.
2020).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from training.heat.dates import IGNORED

NEAREST = 10
SCORE_POWER, OVERLAP_POWER = 0.5, 4.0
BOX_WEIGHT = 5.0
AROUND = 2
"""Cells on either side of a box's middle that may answer for it, at every level."""
GRAIN = (0.8, 24.0)
"""Shorter and longer a box than so many strides is left to another level."""


def loss_of(logits: Tensor, boxes: Tensor, told: Tensor, levels: tuple[tuple[int, int, int], ...]) -> Tensor:
    """One number for (b, cells, classes) logits and (b, cells, 4) boxes against (b, m, 5) boxes told.

    `levels` are rows, columns and stride of each.
    """
    with torch.no_grad():
        given = _assigned(logits, boxes, told, levels)
    target = torch.zeros_like(logits)
    target[given.frame, given.cell, given.kind] = given.share
    cost = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    total = given.share.sum().clamp_min(1.0)
    score_loss = (cost.sum(2) * _counted(told, levels, target)).sum() / total
    overlap = complete_overlap(boxes[given.frame, given.cell], given.box)
    return score_loss + BOX_WEIGHT * ((1 - overlap) * given.share).sum() / total


@dataclass(frozen=True)
class Given:
    """Cells that answer for a box: (n,) frame, cell and class, (n, 4) the box and (n,) how much it counts."""

    frame: Tensor
    cell: Tensor
    kind: Tensor
    box: Tensor
    share: Tensor


def _assigned(logits: Tensor, boxes: Tensor, told: Tensor, levels: tuple[tuple[int, int, int], ...]) -> Given:
    frames, most = told.shape[:2]
    kind = told[..., 4].clamp(0, logits.shape[2] - 1).long()
    real = (told[..., 4] >= 0) & (told[..., 4] < IGNORED)
    cell, fair, away = _candidates(told, levels)
    fair &= real[..., None]
    frame = torch.arange(frames, device=told.device)[:, None, None].expand_as(cell)
    overlap = plain_overlap(told[:, :, None, :4], boxes[frame, cell])
    score = logits[frame, cell, kind[..., None].expand_as(cell)].sigmoid()
    fit = score.clamp_min(1e-6) ** SCORE_POWER * overlap**OVERLAP_POWER * fair
    top = fit.topk(NEAREST, dim=2)
    chosen = torch.zeros_like(fair).scatter_(2, top.indices, top.values > 1e-9)
    # One that overlaps none of the cells' boxes yet is given to the nearest cells.
    near = away.masked_fill(~fair, math.inf).topk(3, dim=2, largest=False)
    begun = torch.zeros_like(fair).scatter_(2, near.indices, near.values < math.inf)
    chosen = torch.where(chosen.any(2, keepdim=True), chosen, begun)
    # A cell answers for one box, the one that it overlaps most.
    place = (frame * boxes.shape[1] + cell).flatten()
    order = torch.arange(most, device=told.device)[None, :, None] * 1e-6
    rank = torch.where(chosen, overlap + 1e-3 - order, -1.0).flatten()
    best = torch.full((frames * boxes.shape[1],), -1.0, device=told.device)
    best.scatter_reduce_(0, place, rank, "amax")
    chosen &= (rank >= best[place]).view_as(chosen)
    agreed = fit * chosen
    most_fit = agreed.amax(2, keepdim=True)
    most_overlap = (overlap * chosen).amax(2, keepdim=True).clamp_min(0.1)
    share = torch.where(most_fit > 1e-9, agreed / most_fit.clamp_min(1e-9), chosen.float()) * most_overlap
    at = chosen.nonzero(as_tuple=True)
    return Given(frame[at], cell[at], kind[at[:2]], told[..., :4][at[:2]], share[at])


def _candidates(told: Tensor, levels: tuple[tuple[int, int, int], ...]) -> tuple[Tensor, Tensor, Tensor]:
    """(b, m, k) cells around every box's middle, whether they may answer, and how far off they are."""
    middle, size = (told[..., :2] + told[..., 2:4]) / 2, told[..., 2:4] - told[..., :2]
    steps = torch.arange(-AROUND, AROUND + 1, device=told.device)
    cells_at, fair, away = [], [], []
    begin = 0
    for rows, columns, stride in levels:
        x = (middle[..., 0] / stride).floor().long()[..., None] + steps.repeat(len(steps))
        y = (middle[..., 1] / stride).floor().long()[..., None] + steps.repeat_interleave(len(steps))
        inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
        off = torch.stack(
            [(x + 0.5) * stride - middle[..., 0, None], (y + 0.5) * stride - middle[..., 1, None]], -1
        )
        reach = torch.maximum(size / 2, torch.tensor(1.25 * stride, device=told.device))[:, :, None]
        longest = size.amax(-1)
        grain = (longest >= GRAIN[0] * stride) & (longest <= GRAIN[1] * stride)
        fair.append(inside & (off.abs() <= reach).all(-1) & grain[..., None])
        cells_at.append(begin + y.clamp(0, rows - 1) * columns + x.clamp(0, columns - 1))
        away.append((off**2).sum(-1))
        begin += rows * columns
    return torch.cat(cells_at, 2), torch.cat(fair, 2), torch.cat(away, 2)


def _counted(told: Tensor, levels: tuple[tuple[int, int, int], ...], target: Tensor) -> Tensor:
    """(b, cells) 0 where a cell lies in a box that counts neither way and answers for no other."""
    ignored = told[..., 4] == IGNORED
    parts = []
    for rows, columns, stride in levels:
        x = (torch.arange(columns, device=told.device) + 0.5) * stride
        y = (torch.arange(rows, device=told.device) + 0.5) * stride
        across = (x >= told[..., 0, None]) & (x <= told[..., 2, None]) & ignored[..., None]
        along = (y >= told[..., 1, None]) & (y <= told[..., 3, None])
        parts.append((along.float().transpose(1, 2) @ across.float()).flatten(1) > 0)
    return 1.0 - (torch.cat(parts, 1) & (target.amax(2) == 0)).float()


def plain_overlap(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of (..., 4) boxes."""
    both = (
        torch.minimum(first[..., 2:], second[..., 2:]) - torch.maximum(first[..., :2], second[..., :2])
    ).clamp_min(0)
    shared = both.prod(-1)
    areas = (first[..., 2:] - first[..., :2]).prod(-1) + (second[..., 2:] - second[..., :2]).prod(-1)
    return shared / (areas - shared).clamp_min(1e-6)


def complete_overlap(first: Tensor, second: Tensor) -> Tensor:
    """Overlap less what the centres are apart and the shapes differ, so that boxes apart learn too."""
    overlap = plain_overlap(first, second)
    around = torch.maximum(first[..., 2:], second[..., 2:]) - torch.minimum(first[..., :2], second[..., :2])
    apart = (first[..., :2] + first[..., 2:] - second[..., :2] - second[..., 2:]) / 2
    distance = (apart**2).sum(-1) / (around**2).sum(-1).clamp_min(1e-6)
    size, wanted = first[..., 2:] - first[..., :2], second[..., 2:] - second[..., :2]
    turn = torch.atan(size[..., 0] / size[..., 1].clamp_min(1e-6)) - torch.atan(
        wanted[..., 0] / wanted[..., 1].clamp_min(1e-6)
    )
    shape = 4 / math.pi**2 * turn**2
    with torch.no_grad():
        part = shape / (1 - overlap + shape).clamp_min(1e-6)
    return overlap - distance - part * shape
