"""Train the detector of people in thermal frames.

    python -m training.heat.train PACK.npz -o NETWORK.pt [--seconds 300] [--choice] [--seed 1]

Trains for so many seconds of the clock, or `--steps`; a GPU makes about 30 steps a second. With `--choice`
one training date is held out and scored, for choices of settings; else all of the pack is trained on.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from dataclasses import replace
from pathlib import Path

import torch

from training.heat.augment import COLUMNS, ROWS, Strength, bank_of, batch
from training.heat.dates import CHOICE, CLASSES
from training.heat.loss import loss_of
from training.heat.network import STRIDES, Detector
from training.heat.pack import read_pack
from training.heat.pretrained import PretrainedDetector
from training.heat.score import scored

WARM_SHARE, CALM_SHARE = 0.03, 0.12
"""Of the training: the rate rises at its begin, and whole frames without pasted people come at its end."""


def main() -> None:
    """Train and write the averaged weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pack", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--steps", type=int, help="instead of seconds, the same on any machine")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--choice", action="store_true")
    parser.add_argument("--compile", action="store_true", help="fuse the network's kernels first (a minute)")
    parser.add_argument("--paste", type=float, default=Strength.paste)
    parser.add_argument("--distract", type=float, default=Strength.distract)
    parser.add_argument("--blend", type=float, default=Strength.blend)
    parser.add_argument("--tone", type=float, default=Strength.tone)
    parser.add_argument("--backbone", type=Path, help="weights of EfficientNet-lite0 to begin from")
    parser.add_argument("--backbone-rate", type=float, default=0.3, help="of the rate, for the backbone")
    parser.add_argument("--black-hot", type=float, default=Strength.black_hot)
    asked = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(asked.seed)
    torch.backends.cudnn.benchmark = True
    chances = torch.Generator(device).manual_seed(asked.seed)
    taken = read_pack(asked.pack)
    held = [each for each in taken if each.date in CHOICE] if asked.choice else []
    bank = bank_of([each for each in taken if not (asked.choice and each.date in CHOICE)], device)
    strength = Strength(
        paste=asked.paste,
        distract=asked.distract,
        blend=asked.blend,
        black_hot=asked.black_hot,
        tone=asked.tone,
    )
    network = _network(asked.backbone).to(device, memory_format=torch.channels_last)
    averaged = copy.deepcopy(network).eval()
    optimiser = _optimiser(network, asked.rate, asked.backbone_rate)
    running = torch.compile(network) if asked.compile else network
    levels = tuple((ROWS // stride, COLUMNS // stride, stride) for stride in STRIDES)
    began, step, shown = time.monotonic(), 0, 0.0
    while (done := step / asked.steps if asked.steps else (time.monotonic() - began) / asked.seconds) < 1:
        for group in optimiser.param_groups:
            group["lr"] = group["most"] * _rate(done)
        now = replace(strength, mosaic=0.2, paste=0.2) if done > 1 - CALM_SHARE else strength
        frames, told = batch(bank, asked.batch, now, chances)
        network.train()
        with torch.autocast(device.type, dtype=torch.bfloat16):
            logits, boxes = running(frames.contiguous(memory_format=torch.channels_last))
        loss = loss_of(logits.float(), boxes.float(), told, levels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimiser.step()
        step += 1
        _average(averaged, network, min(0.999, 1 - 1 / (1 + step / 4)))
        if step % 100 == 0:
            shown = float(loss)
            print(
                f"step {step} of {done:.0%}: loss {shown:.3f}, {step / (time.monotonic() - began):.1f}/s",
                flush=True,
            )
    body = {
        "steps": step,
        "batch": asked.batch,
        "seed": asked.seed,
        "frames": len(bank.frames),
        "loss": shown,
    }
    if held:
        body |= scored(averaged, held, device)
    print(json.dumps(body))
    torch.save(
        {"weights": {k: v.cpu() for k, v in averaged.state_dict().items()}, "told": body}, asked.output
    )


def _network(backbone: Path | None) -> torch.nn.Module:
    if backbone is None:
        return Detector(len(CLASSES))
    network = PretrainedDetector(len(CLASSES))
    network.backbone.load(backbone)
    return network


def _optimiser(network: torch.nn.Module, rate: float, backbone_share: float) -> torch.optim.Optimizer:
    groups = []
    for begun in (False, True):
        mine = [v for name, v in network.named_parameters() if name.startswith("backbone.") == begun]
        most = rate * backbone_share if begun else rate
        for decay, some in (
            (0.05, [each for each in mine if each.ndim > 1]),
            (0.0, [each for each in mine if each.ndim <= 1]),
        ):
            groups.append({"params": some, "weight_decay": decay, "lr": most, "most": most})
    return torch.optim.AdamW([group for group in groups if group["params"]], rate)


def _rate(done: float) -> float:
    """A rise, then half a cosine down to a hundredth (Loshchilov and Hutter 2017)."""
    if done < WARM_SHARE:
        return max(0.01, done / WARM_SHARE)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * (done - WARM_SHARE) / (1 - WARM_SHARE))) / 2


@torch.no_grad()
def _average(averaged: torch.nn.Module, network: torch.nn.Module, keep: float) -> None:
    mine, theirs = averaged.state_dict(), network.state_dict()
    floats = [name for name, value in mine.items() if value.dtype.is_floating_point]
    torch._foreach_lerp_([mine[n] for n in floats], [theirs[n] for n in floats], 1 - keep)


if __name__ == "__main__":
    main()
