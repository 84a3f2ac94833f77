"""Average precision and recall at so many false alarms, for choices while training.

The figures that are published come from `tests/bench/heat_score.py`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from training.heat.augment import COLUMNS, ROWS, evened
from training.heat.dates import CLASSES, IGNORED
from training.heat.loss import plain_overlap
from training.heat.pack import Taken

Found = list[tuple[float, bool]]


def scored(network: torch.nn.Module, taken: list[Taken], device: torch.device) -> dict[str, float]:
    """AP50 of every class, and recall of people at 1 and 5 false alarms a frame."""
    network.eval()
    found: dict[int, Found] = {number: [] for number in range(len(CLASSES))}
    told = dict.fromkeys(found, 0)
    for begin in range(0, len(taken), 32):
        some = taken[begin : begin + 32]
        frames = torch.zeros(len(some), ROWS, COLUMNS)
        for number, each in enumerate(some):
            frames[number] = torch.from_numpy(each.picture / np.float32(255))
        with torch.no_grad():
            logits, boxes = network(evened(frames.to(device))[:, None])
        for number, each in enumerate(some):
            truth = torch.from_numpy(each.boxes).to(device)
            for kind in found:
                told[kind] += int((truth[:, 4] == kind).sum())
                found[kind] += _judged(
                    logits[number, :, kind].float().sigmoid(), boxes[number].float(), truth, kind
                )
    result = {name: _precision(found[kind], told[kind]) for kind, name in enumerate(CLASSES)}
    for alarms in (1, 5):
        result[f"recall at {alarms}"] = _recall(found[0], told[0], alarms * len(taken))
    return result


def kept(scores: Tensor, boxes: Tensor, least: float, overlap: float, most: int = 300) -> Tensor:
    """Indices of the boxes that no better one covers, the best first."""
    order = scores.argsort(descending=True)[:most]
    order = order[scores[order] > least]
    covers = plain_overlap(boxes[order][:, None], boxes[order][None]) > overlap
    keep: list[int] = []
    for number, row in enumerate(covers.cpu().numpy()):
        if not row[keep].any():
            keep.append(number)
    return order[keep]


def _judged(scores: Tensor, boxes: Tensor, truth: Tensor, kind: int) -> Found:
    index = kept(scores, boxes, 0.01, 0.5, 200)
    mine, other = truth[truth[:, 4] == kind], truth[truth[:, 4] == IGNORED]
    free = torch.ones(len(mine), dtype=torch.bool, device=truth.device)
    out: Found = []
    for row in index.tolist():
        fit = plain_overlap(boxes[row], mine[:, :4]) * free if len(mine) else mine[:, 0]
        if len(mine) and float(fit.max()) >= 0.5:
            free[int(fit.argmax())] = False
            out.append((float(scores[row]), True))
        elif not (len(other) and float(plain_overlap(boxes[row], other[:, :4]).max()) > 0.2):
            out.append((float(scores[row]), False))
    return out


def _precision(found: Found, told: int) -> float:
    found = sorted(found, reverse=True)
    right = np.cumsum([hit for _, hit in found]) if found else np.zeros(0)
    if told == 0 or not len(right):
        return float("nan")
    precision = np.maximum.accumulate((right / (np.arange(len(right)) + 1))[::-1])[::-1]
    recall = right / told
    at = np.searchsorted(recall, np.linspace(0, 1, 101))
    return float(np.mean(np.append(precision, 0.0)[np.minimum(at, len(precision))]))


def _recall(found: Found, told: int, alarms: int) -> float:
    found = sorted(found, reverse=True)
    wrong = np.cumsum([not hit for _, hit in found])
    right = np.cumsum([hit for _, hit in found])
    within = right[wrong <= alarms]
    return float(within[-1] / told) if len(within) and told else 0.0
