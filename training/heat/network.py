"""A small detector for small things: features at a quarter, an eighth and a sixteenth of the frame.

A backbone of cross-stage blocks (CSPNet, Wang et al. 2020) with a top-down pyramid (Lin et al. 2017) and, at
every cell of it, the scores of the classes and the distances to a box's four sides (FCOS, Tian et al. 2019).
A person from 60-130 m is 6 to 35 pixels tall, hence the level at a quarter. Rectified linear units and few
channels where the maps are large keep it fast on two cores.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

STRIDES = (4, 8, 16)
PRIOR = 0.01
"""The score that every cell begins with (Lin et al. 2017, focal loss, section 3.3)."""


class Conv(nn.Sequential):
    """Convolution, batch norm, rectified linear unit."""

    def __init__(self, taken: int, given: int, size: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(taken, given, size, stride, size // 2, bias=False),
            nn.BatchNorm2d(given, eps=1e-3, momentum=0.03),
            nn.ReLU(inplace=True),
        )


class Block(nn.Module):
    """Half of the channels go through `depth` residual pairs of convolutions, the other half past them."""

    def __init__(self, taken: int, given: int, depth: int) -> None:
        super().__init__()
        self.half = given // 2
        self.enter = Conv(taken, given, 1)
        self.pairs = nn.ModuleList(
            nn.Sequential(Conv(self.half, self.half), Conv(self.half, self.half)) for _ in range(depth)
        )
        self.leave = Conv(given + depth * self.half, given, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(b, taken, h, w) to (b, given, h, w)."""
        parts = list(self.enter(features).chunk(2, 1))
        for pair in self.pairs:
            parts.append(parts[-1] + pair(parts[-1]))
        return self.leave(torch.cat(parts, 1))


class Context(nn.Module):
    """What lies around, at three reaches (spatial pyramid pooling, He et al. 2015)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = Conv(channels, channels // 2, 1)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.leave = Conv(2 * channels, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(b, channels, h, w) to the same."""
        parts = [self.enter(features)]
        for _ in range(3):
            parts.append(self.pool(parts[-1]))
        return self.leave(torch.cat(parts, 1))


class Head(nn.Module):
    """Scores and sides at every cell of one level."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.tower = Conv(channels, channels)
        self.scores = nn.Conv2d(channels, classes, 1)
        self.sides = nn.Conv2d(channels, 4, 1)
        nn.init.constant_(self.scores.bias, -torch.log(torch.tensor((1 - PRIOR) / PRIOR)).item())
        nn.init.constant_(self.sides.bias, 1.0)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(b, cells, classes) logits and (b, cells, 4) sides, in strides: left, top, right, bottom."""
        tower = self.tower(features)
        return self.scores(tower).flatten(2).transpose(1, 2), nn.functional.softplus(
            self.sides(tower)
        ).flatten(2).transpose(1, 2)


@dataclass(frozen=True)
class Size:
    """Channels at a quarter, an eighth, a sixteenth and a thirty-second, and blocks' depth."""

    channels: tuple[int, int, int, int] = (32, 64, 128, 192)
    depth: tuple[int, int, int, int] = (1, 2, 2, 1)


class Detector(nn.Module):
    """(b, 1, h, w) evened frames, h and w multiples of 32, to scores and boxes of every cell."""

    def __init__(self, classes: int, size: Size = Size()) -> None:
        super().__init__()
        quarter, eighth, sixteenth, least = size.channels
        self.stem = Conv(1, quarter, 7, 4)
        self.at_quarter = Block(quarter, quarter, size.depth[0])
        self.at_eighth = nn.Sequential(Conv(quarter, eighth, 3, 2), Block(eighth, eighth, size.depth[1]))
        self.at_sixteenth = nn.Sequential(
            Conv(eighth, sixteenth, 3, 2), Block(sixteenth, sixteenth, size.depth[2])
        )
        self.at_least = nn.Sequential(
            Conv(sixteenth, least, 3, 2), Block(least, least, size.depth[3]), Context(least)
        )
        self.up = nn.Upsample(scale_factor=2.0, mode="nearest")
        self.to_sixteenth = Block(least + sixteenth, 3 * sixteenth // 4, 1)
        self.to_eighth = Block(3 * sixteenth // 4 + eighth, eighth, 1)
        self.to_quarter = Block(eighth + quarter, quarter, 1)
        self.heads = nn.ModuleList(Head(c, classes) for c in (quarter, eighth, 3 * sixteenth // 4))

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """(b, cells, classes) logits and (b, cells, 4) boxes: left, top, right, bottom in pixels."""
        quarter = self.at_quarter(self.stem(frames))
        eighth = self.at_eighth(quarter)
        sixteenth = self.at_sixteenth(eighth)
        sixteenth = self.to_sixteenth(torch.cat([self.up(self.at_least(sixteenth)), sixteenth], 1))
        eighth = self.to_eighth(torch.cat([self.up(sixteenth), eighth], 1))
        quarter = self.to_quarter(torch.cat([self.up(eighth), quarter], 1))
        return answers((quarter, eighth, sixteenth), self.heads)


def answers(levels: tuple[Tensor, Tensor, Tensor], heads: nn.ModuleList) -> tuple[Tensor, Tensor]:
    """(b, cells, classes) logits and (b, cells, 4) boxes in pixels of the maps at STRIDES."""
    scores, boxes = [], []
    for level, stride, head in zip(levels, STRIDES, heads, strict=True):
        logits, sides = head(level)
        centres = cells(level.shape[2], level.shape[3], stride).to(sides)
        scores.append(logits)
        boxes.append(torch.cat([centres - sides[..., :2] * stride, centres + sides[..., 2:] * stride], -1))
    return torch.cat(scores, 1), torch.cat(boxes, 1)


def cells(rows: int, columns: int, stride: int) -> Tensor:
    """(rows x columns, 2) x, y of the cells' centres, pixels."""
    y, x = torch.meshgrid(torch.arange(rows) + 0.5, torch.arange(columns) + 0.5, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], 1) * stride
