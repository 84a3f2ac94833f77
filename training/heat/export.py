"""Write a trained network as ONNX, with what it is in its metadata, and check that it answers the same.

python -m training.heat.export NETWORK.pt -o imaging/thermal/learned/people.onnx
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
from training.heat.network import Detector

OPSET = 17
ALIKE = 2e-2
"""Of a score, and of a box's largest coordinate: what 16 bits of a weight change."""
LEAST_HALVED = 256


class Answer(nn.Module):
    """The detector with scores instead of logits."""

    def __init__(self, network: Detector) -> None:
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
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    held = torch.load(asked.network, map_location="cpu", weights_only=True)
    network = Detector(len(CLASSES))
    network.load_state_dict(held["weights"])
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
    model = _halved(onnx.load(asked.output))
    told = {
        "classes": json.dumps(CLASSES),
        "training": json.dumps(held["told"]),
        "dates": json.dumps(sorted(TRAINING)),
        "data": "HIT-UAV (Suo et al., Scientific Data 10:227, 2023), CC BY 4.0, and rendered scenes",
        "licence": "EUPL-1.2",
    }
    onnx.helper.set_model_props(model, told)
    onnx.checker.check_model(model)
    onnx.save(model, asked.output)
    for rows, columns in ((512, 640), (256, 320), (1024, 1280)):
        _compare(answer, asked.output, rows, columns)
    print(f"{asked.output}: {asked.output.stat().st_size / 1e6:.2f} MB")


def _halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights kept in 16 bits, half the file; the runtime casts them back once, as it loads them."""
    casts = []
    for held in model.graph.initializer:
        values = onnx.numpy_helper.to_array(held)
        if values.dtype == np.float32 and values.size > LEAST_HALVED:
            name = held.name
            held.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
            casts.append(onnx.helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])
    return model


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
