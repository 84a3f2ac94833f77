"""A network run in 8 bits instead of 32: half the processor time, a quarter of the file.

Convolutions work in 8 bits (Jacob et al. 2018), each channel of weights on its own scale. What the heads say
of scores and sides stays in 32 bits: 8 bits of a coordinate of 640 pixels are steps of 2.5. Weights take 7
of their 8 bits: processors without VNNI add two products in 16 bits, which 8 would overflow, and a frame
would be answered otherwise on another machine.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from training.heat.augment import evened
from training.heat.pack import Taken

BODY = (
    "/network/at_",
    "/network/to_",
    "/network/stem",
    "/network/up",
    "/network/backbone/blocks",
    "/network/context/",
)
JOINS = ("/network/Concat", "/network/Concat_1", "/network/Concat_2")
TOWER = "/tower/"
KINDS = ("Conv", "Relu", "Clip", "Add", "Concat", "MaxPool", "Resize", "Split")
STEP_PX = 32


def quantised(written: Path, taken: list[Taken]) -> onnx.ModelProto:
    """The network in a file, in 8 bits; `taken` are frames by which the ranges are found, a few dozen."""
    with tempfile.TemporaryDirectory() as scratch:
        plain, small = Path(scratch) / "plain.onnx", Path(scratch) / "small.onnx"
        quant_pre_process(written, plain, skip_symbolic_shape=True)
        names = [node.name for node in onnx.load(plain).graph.node]
        quantize_static(
            plain,
            small,
            _Frames(taken),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=list(KINDS),
            nodes_to_exclude=[name for name in names if not _in_body(name)],
        )
        return onnx.load(small)


def _in_body(name: str) -> bool:
    return name.startswith(BODY) or name in JOINS or TOWER in name


class _Frames(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, taken: list[Taken]) -> None:
        self._frames: Iterator[npt.NDArray[np.float32]] = (shown(each) for each in taken)

    def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
        """The next frame, None after the last."""
        frame = next(self._frames, None)
        return None if frame is None else {"frame": frame}


def shown(taken: Taken) -> npt.NDArray[np.float32]:
    """A frame as the network reads it: (1, 1, rows, columns), evened, sides multiples of STEP_PX."""
    even = evened(torch.from_numpy(taken.picture.astype(np.float32))[None]).numpy()[0]
    rows, columns = even.shape
    return np.pad(even, ((0, -rows % STEP_PX), (0, -columns % STEP_PX)), mode="edge")[None, None]
