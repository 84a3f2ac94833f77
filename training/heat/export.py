"""Write a trained network as ONNX, with what it is in its metadata, and check that it answers the same.

python -m training.heat.export NETWORK.pt PACK.npz -o imaging/thermal/learned/people.onnx
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from training.heat.dates import CLASSES, TRAINING
from training.heat.lean import answers_alike, lean
from training.heat.network import Detector
from training.heat.pack import Taken, read_pack
from training.heat.pretrained import PretrainedDetector
from training.heat.quantise import quantised
from training.heat.score import scored

OPSET = 17
ALIKE = 1e-4
"""Of a score, and of a box's largest coordinate, before the network is put in 8 bits."""
CALIBRATED, SCORED = 15, 6
"""Every so manieth training frame gives the ranges of 8 bits, and is scored in 32 and in 8 bits."""
WORSE = 0.01
"""Of the average precision of people, at most, by 8 bits."""


class Answer(nn.Module):
    """The detector with scores instead of logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of 0..1 and boxes."""
        logits, boxes = self.network(frames)
        return logits.sigmoid(), boxes


def main() -> None:
    """Export and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", type=Path)
    parser.add_argument("pack", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    held = torch.load(asked.network, map_location="cpu", weights_only=True)
    network = network_of(held["weights"])
    answer = Answer(network).eval()
    torch.onnx.export(
        answer,
        (torch.zeros(1, 1, 512, 640),),
        str(asked.output),
        input_names=["frame"],
        output_names=["scores", "boxes"],
        dynamic_axes={"frame": {2: "rows", 3: "columns"}, "scores": {1: "cells"}, "boxes": {1: "cells"}},
        opset_version=OPSET,
        dynamo=False,
    )
    for rows, columns in ((512, 640), (256, 320), (1024, 1280)):
        _compare(answer, asked.output, rows, columns)
    taken = [each for each in read_pack(asked.pack) if each.date in TRAINING]
    in_bytes = quantised(asked.output, taken[::CALIBRATED])
    onnx.save(in_bytes, asked.output)
    _as_good(network, asked.output, taken[1::SCORED])
    model = lean(in_bytes)
    answers_alike(in_bytes, model)
    told = {
        "classes": json.dumps(CLASSES),
        "training": json.dumps(held["told"]),
        "dates": json.dumps(sorted(TRAINING)),
        "data": "HIT-UAV (Suo et al., Scientific Data 10:227, 2023), CC BY 4.0, and rendered scenes",
        "licence": "EUPL-1.2",
    }
    if isinstance(network, PretrainedDetector):
        told["begun_with"] = "EfficientNet-lite0 of ImageNet (Google, Apache-2.0)"
    onnx.helper.set_model_props(model, told)
    onnx.checker.check_model(model)
    onnx.save(model, asked.output)
    print(f"{asked.output}: {asked.output.stat().st_size / 1e6:.2f} MB")


class _Written(nn.Module):
    """A written network, to be scored as one of PyTorch's."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and boxes."""
        answers = [self.session.run(None, {"frame": frame[None].numpy()}) for frame in frames]
        scores, boxes = (torch.from_numpy(np.concatenate(part)) for part in zip(*answers, strict=True))
        return scores.logit(1e-6), boxes


def network_of(weights: dict[str, Tensor]) -> nn.Module:
    """The network of some weights, by what they are called."""
    begun = any(name.startswith("backbone.") for name in weights)
    network: nn.Module = PretrainedDetector(len(CLASSES)) if begun else Detector(len(CLASSES))
    network.load_state_dict(weights)
    return network


def _as_good(network: nn.Module, path: Path, taken: list[Taken]) -> None:
    """Refuse a network that finds fewer people in 8 bits; says both scores."""
    cpu = torch.device("cpu")
    before, after = (scored(each, taken, cpu) for each in (network.eval(), _Written(path)))
    for name, value in before.items():
        print(f"{name}: {value:.3f} in 32 bits, {after[name]:.3f} in 8")
    if after["Person"] < before["Person"] - WORSE:
        raise SystemExit("the network is worse in 8 bits")


def _compare(answer: Answer, path: Path, rows: int, columns: int) -> None:
    frame = torch.randn(1, 1, rows, columns, generator=torch.Generator().manual_seed(rows))
    with torch.no_grad():
        wanted = [each.numpy() for each in answer(frame)]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = session.run(None, {"frame": frame.numpy()})
    for one, other in zip(wanted, given, strict=True):
        off = float(np.abs(one - other).max())
        if one.shape != other.shape or off > ALIKE * max(1.0, float(np.abs(one).max())):
            raise SystemExit(f"the written network answers otherwise by {off} at {columns}x{rows}")


if __name__ == "__main__":
    main()
