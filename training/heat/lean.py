"""A written network without what takes time and changes nothing of its answer.

    python -m training.heat.lean people.onnx -o people.onnx

`training.heat.export` does this last. The numbers of a cell (a logit a class, then the four sides before
their softplus) come out as they are, cell by cell of each level; whoever runs it turns those few that matter
into scores and boxes (`imaging.thermal.learned.network`). Maps in 8 bits are halved and enlarged as bytes,
channels last, as ONNX Runtime holds them, instead of as floats.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import NodeProto, helper, numpy_helper

from imaging.thermal.learned.network import STRIDES, told

CPU = "CPUExecutionProvider"
ALIKE = 1e-6
"""Of a score, and of a box's coordinate against the frame's width."""
TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
"""From (b, channels, rows, columns) to (b, rows, columns, channels), and back."""


def main() -> None:
    """Make a written network lean."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    before = onnx.load(asked.network)
    model = lean(before)
    answers_alike(before, model)
    onnx.checker.check_model(model)
    onnx.save(model, asked.output)


def lean(model: onnx.ModelProto) -> onnx.ModelProto:
    """The network that `training.heat.quantise` made, leaner; one that is so already as it is."""
    if [each.name for each in model.graph.output] != ["scores", "boxes"]:
        return model
    graph = _Graph(model)
    for name in ("up", "up_1", "up_2"):
        graph.enlarged(f"/network/{name}/Resize")
    for name in ("to_sixteenth", "to_eighth", "to_quarter"):
        for half in (0, 1):
            graph.halved(f"/network/{name}/Slice" + "_1" * half, half)
    cells = [graph.cells(f"/network/heads.{n}", f"cells_{stride}") for n, stride in enumerate(STRIDES)]
    return graph.done(cells)


def answers_alike(before: onnx.ModelProto, after: onnx.ModelProto) -> None:
    """Refuse a lean network that scores or places a cell otherwise than the one that it was made of."""
    one, other = (
        onnxruntime.InferenceSession(each.SerializeToString(), providers=[CPU]) for each in (before, after)
    )
    if [each.name for each in one.get_outputs()] != ["scores", "boxes"]:
        return
    for rows, columns in ((512, 640), (256, 320)):
        frame = np.random.default_rng(rows).normal(0, 2, (1, 1, rows, columns)).astype(np.float32)
        scores, boxes = one.run(None, {"frame": frame})
        levels = zip(other.run(None, {"frame": frame}), STRIDES, strict=True)
        found = [told(cells, stride, columns // stride, 0.0) for cells, stride in levels]
        kinds = scores.shape[2]
        off = np.abs(np.concatenate([each[1] for each in found]) - scores.ravel()).max()
        moved = np.abs(np.concatenate([each[0] for each in found])[::kinds] - boxes[0]).max()
        if off > ALIKE or moved > ALIKE * columns:
            raise SystemExit(f"the lean network answers otherwise: scores by {off}, boxes by {moved} px")


class _Graph:
    """A network in 8 bits, changed part by part."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = onnx.ModelProto()
        self._model.CopyFrom(model)
        self._nodes = {node.name: node for node in model.graph.node}
        self._made = {out: node for node in model.graph.node for out in node.output}
        self._constants = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
        self._given: dict[str, str] = {}
        self._new: list[NodeProto] = []

    def enlarged(self, name: str) -> None:
        """Every cell twice along both sides, of bytes: what follows has the same scale."""
        resize = self._nodes[name]
        before, after = self._made[resize.input[0]], self._after(resize.output[0], "QuantizeLinear")
        if not self._alike(before, after):
            raise SystemExit(f"{name} changes the scale")
        last = self._put("Transpose", name + "/last", [before.input[0]], perm=TO_LAST)
        wide = self._put("Concat", name + "/wide", [last, last], axis=3)
        high = self._put("Concat", name + "/high", [wide, wide], axis=2)
        shape = self._shape(name + "/shape", (1, -1, 0, self._channels(before)))
        maps = self._put("Reshape", name + "/maps", [high, shape])
        self._given[after.output[0]] = self._put("Transpose", name + "/first", [maps], perm=TO_FIRST)

    def halved(self, name: str, half: int) -> None:
        """The first or the second half of the channels, of bytes."""
        cut = self._nodes[name]
        before, after = self._made[cut.input[0]], self._after(cut.output[0], "QuantizeLinear")
        middle = self._channels(before) // 2
        ends = [self._shape(f"{name}/{n}", (middle * (half + n),)) for n in (0, 1)]
        part = self._put("Slice", name + "/part", [before.input[0], *ends, self._shape(name + "/axis", (1,))])
        if self._alike(before, after):
            self._given[after.output[0]] = part
        else:
            self._given[cut.output[0]] = self._put(
                "DequantizeLinear", name + "/value", [part, *before.input[1:]]
            )

    def cells(self, head: str, output: str) -> str:
        """Logits and sides of a level's cells, (rows x columns, classes + 4)."""
        two = [self._nodes[f"{head}/{name}/Conv"] for name in ("scores", "sides")]
        weight, bias = (np.concatenate([self._constants[node.input[n]] for node in two]) for n in (1, 2))
        last = self._put("Transpose", head + "/last", [two[0].input[0]], perm=TO_LAST)
        shape = self._shape(head + "/shape", (-1, weight.shape[1]))
        features = self._put("Reshape", head + "/cells", [last, shape])
        weights = self._constant(head + "/weight", np.ascontiguousarray(weight[:, :, 0, 0].T))
        return self._put("Gemm", output, [features, weights, self._constant(head + "/bias", bias)])

    def done(self, outputs: list[str]) -> onnx.ModelProto:
        """The network with these outputs, of what they need alone."""
        graph = self._model.graph
        nodes = [*graph.node, *self._new]
        for node in nodes:
            for n, name in enumerate(node.input):
                node.input[n] = self._given.get(name, name)
        made = {out: node for node in nodes for out in node.output}
        ordered: dict[str, NodeProto] = {}

        def need(name: str) -> None:
            node = made.get(name)
            if node is not None and node.output[0] not in ordered:
                for each in node.input:
                    need(each)
                ordered[node.output[0]] = node

        for name in outputs:
            need(name)
        used = {name for node in ordered.values() for name in node.input}
        constants = [each for each in graph.initializer if each.name in used]
        shape = ("cells", "numbers")
        told = [helper.make_tensor_value_info(each, onnx.TensorProto.FLOAT, shape) for each in outputs]
        body = helper.make_graph(list(ordered.values()), graph.name, graph.input, told, constants)
        found = helper.make_model(
            body, opset_imports=[each for each in self._model.opset_import if not each.domain]
        )
        found.ir_version = self._model.ir_version
        helper.set_model_props(found, {each.key: each.value for each in self._model.metadata_props})
        return found

    def _put(self, kind: str, name: str, inputs: list[str], **attributes: object) -> str:
        self._new.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def _constant(self, name: str, value: np.ndarray) -> str:
        self._model.graph.initializer.append(numpy_helper.from_array(value, name))
        return name

    def _shape(self, name: str, sides: tuple[int, ...]) -> str:
        return self._constant(name, np.array(sides, np.int64))

    def _after(self, output: str, kind: str) -> NodeProto:
        found = [n for n in self._nodes.values() if output in n.input and n.op_type == kind]
        if len(found) != 1:
            raise SystemExit(f"{output} goes into {len(found)} of {kind}")
        return found[0]

    def _alike(self, one: NodeProto, other: NodeProto) -> bool:
        """Whether both mean the same by a byte."""
        return all(
            self._constants[a] == self._constants[b]
            for a, b in zip(one.input[1:], other.input[1:], strict=True)
        )

    def _channels(self, dequantize: NodeProto) -> int:
        """Of the map that a convolution made."""
        conv = self._made[self._made[dequantize.input[0]].input[0]]
        return int(self._constants[self._made[conv.input[1]].input[0]].shape[0])


if __name__ == "__main__":
    main()
