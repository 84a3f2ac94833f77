"""New training frames out of the ones there are, on the device that trains, a batch at a time.

Four frames, each turned, mirrored, scaled and shifted, meet at a point (mosaic; Bochkovskiy et al. 2020);
people are pasted as the contrast they have with the ground around them, and discs and bars that are nobody;
another frame shines through; then contrast, noise, blur and stripes of a bolometer, and sometimes black for
hot.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from training.heat.dates import IGNORED
from training.heat.pack import Taken

Floats = npt.NDArray[np.float32]

ROWS, COLUMNS = 512, 640
PATCH = 48
NOBODY = -1
"""The class of a row without a box."""


@dataclass(frozen=True)
class Strength:
    """How much is changed. Shares are probabilities a frame."""

    mosaic: float = 0.6
    paste: float = 0.6
    pasted: int = 8
    distract: float = 0.0
    distracting: int = 6
    blend: float = 0.0
    tone: float = 0.0
    black_hot: float = 0.12
    smallest: float = 0.55
    largest: float = 1.7


@dataclass(frozen=True)
class Bank:
    """All frames (n, rows, columns) of 0..1, boxes (n, m, 5) with class NOBODY for none, and people's
    patches.

    A patch (p, PATCH, PATCH) is the difference from the ground around; `masks` fade it out, `sizes` (p, 2)
    are the widths and heights of the boxes.
    """

    frames: Tensor
    boxes: Tensor
    patches: Tensor
    masks: Tensor
    sizes: Tensor


def bank_of(taken: list[Taken], device: torch.device) -> Bank:
    """Everything on the device."""
    frames = np.zeros((len(taken), ROWS, COLUMNS), np.uint8)
    most = max(len(each.boxes) for each in taken)
    boxes = np.full((len(taken), most, 5), float(NOBODY), np.float32)
    people = []
    for number, each in enumerate(taken):
        rows, columns = each.picture.shape
        frames[number, :rows, :columns] = each.picture
        boxes[number, : len(each.boxes)] = each.boxes
        people += list(_people(each))
    patches, masks, sizes = (np.stack(parts) for parts in zip(*people, strict=True))
    return Bank(
        torch.from_numpy(frames).to(device).half() / 255,
        *(torch.from_numpy(part).to(device) for part in (boxes, patches, masks, sizes)),
    )


def _people(taken: Taken) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Patch, mask and size of everybody who stands alone."""
    told = taken.boxes
    centres = (told[:, :2] + told[:, 2:4]) / 2
    steps = np.arange(PATCH, dtype=np.float32) - PATCH / 2 + 0.5
    for row in np.flatnonzero(told[:, 4] == 0):
        wide, high = told[row, 2:4] - told[row, :2]
        x, y = (round(float(value)) - PATCH // 2 for value in centres[row])
        alone = (np.abs(centres - centres[row]).max(1) < max(wide, high)).sum() == 1
        inside = (
            x >= 0 and y >= 0 and x + PATCH <= taken.picture.shape[1] and y + PATCH <= taken.picture.shape[0]
        )
        if not (alone and inside and max(wide, high) < PATCH - 12):
            continue
        piece = taken.picture[y : y + PATCH, x : x + PATCH].astype(np.float32) / 255
        across, along = np.abs(steps)[None, :] / (wide / 2 + 3), np.abs(steps)[:, None] / (high / 2 + 3)
        away = np.maximum(across, along)
        around = np.float32(np.median(piece[(away > 1) & (away < 1.8)]))
        mask = np.clip((1.45 - across**2 - along**2) / 0.45, 0, 1).astype(np.float32)
        yield piece - around, mask, np.array([wide, high], np.float32)


def batch(bank: Bank, size: int, strength: Strength, chances: torch.Generator) -> tuple[Tensor, Tensor]:
    """(size, 1, rows, columns) evened frames and (size, m, 5) boxes."""
    device = bank.frames.device
    frames, boxes = _mosaic(bank, size, strength, chances)
    frames, boxes = _blended(frames, boxes, strength, chances)
    frames = _distracted(frames, strength, chances)
    frames, boxes = _paste(bank, frames, boxes, strength, chances)
    frames = _developed(frames, strength, chances)
    order = torch.argsort((boxes[..., 4] == NOBODY).int(), dim=1, stable=True)
    boxes = torch.gather(boxes, 1, order[..., None].expand_as(boxes))
    most = max(1, int((boxes[..., 4] != NOBODY).sum(1).max()))
    return evened(frames.to(device))[:, None], boxes[:, :most]


def evened(frames: Tensor) -> Tensor:
    """(n, rows, columns) of any unit, evened: the median at 0, and 4 between the first and the last percent.

    The same is done before the network runs (`imaging.thermal.learned.evening`).
    """
    few = frames[:, ::8, ::8].flatten(1).float()
    low, middle, high = torch.quantile(few, torch.tensor([0.01, 0.5, 0.99], device=few.device), dim=1)
    even = (frames - middle[:, None, None]) / (high - low).clamp_min(1e-3)[:, None, None] * 4
    return even.clamp(-6, 6)


def _uniform(shape: tuple[int, ...], low: float, high: float, chances: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=chances, device=chances.device)


def _mosaic(bank: Bank, size: int, strength: Strength, chances: torch.Generator) -> tuple[Tensor, Tensor]:
    device = bank.frames.device
    mixed = torch.rand(size, generator=chances, device=device) < strength.mosaic
    meet_x = torch.where(mixed, _uniform((size,), 0.25, 0.75, chances) * COLUMNS, COLUMNS + 0.0)
    meet_y = torch.where(mixed, _uniform((size,), 0.25, 0.75, chances) * ROWS, ROWS + 0.0)
    x, y = torch.arange(COLUMNS, device=device) + 0.5, torch.arange(ROWS, device=device) + 0.5
    frames = torch.zeros(size, ROWS, COLUMNS, device=device)
    boxes = []
    for quarter in range(4):
        chosen = torch.randint(len(bank.frames), (size,), generator=chances, device=device)
        right, below = quarter % 2 == 1, quarter >= 2
        left_x = torch.where(mixed & right, meet_x, 0.0) if right else torch.zeros(size, device=device)
        top_y = torch.where(mixed & below, meet_y, 0.0) if below else torch.zeros(size, device=device)
        end_x = torch.full((size,), float(COLUMNS), device=device) if right else meet_x
        end_y = torch.full((size,), float(ROWS), device=device) if below else meet_y
        if right or below:
            # Without a mosaic the first frame fills everything.
            end_x, end_y = torch.where(mixed, end_x, 0.0), torch.where(mixed, end_y, 0.0)
        matrix = _turns(
            size, torch.stack([(left_x + end_x) / 2, (top_y + end_y) / 2], 1), mixed, strength, chances
        )
        warped = _warped(bank.frames[chosen], matrix)
        here = (
            (x[None, None, :] >= left_x[:, None, None]) & (x[None, None, :] < end_x[:, None, None])
            & (y[None, :, None] >= top_y[:, None, None]) & (y[None, :, None] < end_y[:, None, None])
        )  # fmt: skip
        frames = torch.where(here, warped, frames)
        window = torch.stack([left_x, top_y, end_x, end_y], 1)
        boxes.append(_moved(bank.boxes[chosen], matrix, window))
    return frames, torch.cat(boxes, 1)


def _turns(size: int, middle: Tensor, mixed: Tensor, strength: Strength, chances: torch.Generator) -> Tensor:
    """(size, 2, 3) from a source frame's pixels to the new frame's, about the middle of its window."""
    device = chances.device
    quarter = torch.randint(4, (size,), generator=chances, device=device) * (math.pi / 2)
    slight = _uniform((size,), -0.15, 0.15, chances)
    any_way = _uniform((size,), -math.pi, math.pi, chances)
    turn = torch.where(torch.rand(size, generator=chances, device=device) < 0.3, any_way, quarter + slight)
    scale = torch.exp(_uniform((size,), math.log(strength.smallest), math.log(strength.largest), chances))
    scale = torch.where(mixed, scale * 0.85, scale)
    mirrored = torch.where(torch.rand(size, generator=chances, device=device) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(turn) * scale, torch.sin(turn) * scale
    linear = torch.stack([cos * mirrored, -sin, sin * mirrored, cos], 1).view(size, 2, 2)
    looked_at = torch.stack(
        [_uniform((size,), 0.25, 0.75, chances) * COLUMNS, _uniform((size,), 0.25, 0.75, chances) * ROWS], 1
    )
    shift = middle - (linear @ looked_at[..., None])[..., 0]
    return torch.cat([linear, shift[..., None]], 2)


def _warped(frames: Tensor, matrix: Tensor) -> Tensor:
    """(n, rows, columns) under (n, 2, 3) from source to new pixels; outside, the frame's median.

    A mirrored edge would repeat people whom no box tells of.
    """
    linear = torch.linalg.inv(matrix[:, :, :2])
    shift = -(linear @ matrix[:, :, 2:])
    half = torch.tensor([COLUMNS / 2, ROWS / 2], device=frames.device)
    # grid_sample counts from -1 to 1 across the frame.
    scaled = linear * half[None, None, :] / half[None, :, None]
    moved = ((linear @ half[:, None] + shift)[..., 0] - half) / half
    theta = torch.cat([scaled, moved[..., None]], 2)
    grid = functional.affine_grid(theta, [len(frames), 1, ROWS, COLUMNS], align_corners=False)
    middle = frames[:, ::8, ::8].flatten(1).float().median(1).values[:, None, None]
    taken = functional.grid_sample((frames - middle)[:, None].float(), grid, align_corners=False)
    return taken[:, 0] + middle


def _moved(boxes: Tensor, matrix: Tensor, window: Tensor) -> Tensor:
    """Boxes under the matrix, cut to the window; what is cut to less than half counts neither way.

    A box turns as the ellipse in it does.
    """
    centre = (boxes[..., :2] + boxes[..., 2:4]) / 2
    half = (boxes[..., 2:4] - boxes[..., :2]) / 2
    linear = matrix[:, None, :, :2]
    centre = (linear @ centre[..., None])[..., 0] + matrix[:, None, :, 2]
    half = torch.sqrt((linear**2 @ (half**2)[..., None])[..., 0])
    whole = torch.cat([centre - half, centre + half], -1)
    low, high = window[:, None, :2], window[:, None, 2:]
    cut = torch.cat(
        [torch.minimum(torch.maximum(whole[..., :2], low), high),
         torch.minimum(torch.maximum(whole[..., 2:], low), high)], -1
    )  # fmt: skip
    size, left = whole[..., 2:] - whole[..., :2], cut[..., 2:] - cut[..., :2]
    share = left.prod(-1) / size.prod(-1).clamp_min(1e-6)
    kind = boxes[..., 4]
    poor = (share < 0.5) | (left.amin(-1) < 3.5)
    kind = torch.where((kind != NOBODY) & poor, float(IGNORED), kind)
    kind = torch.where(share < 0.02, float(NOBODY), kind)
    return torch.cat([cut, kind[..., None]], -1)


def _paste(
    bank: Bank, frames: Tensor, boxes: Tensor, strength: Strength, chances: torch.Generator
) -> tuple[Tensor, Tensor]:
    size, device = len(frames), frames.device
    count = strength.pasted
    wanted = torch.rand(size, generator=chances, device=device) < strength.paste
    share = _uniform((size, 1), 0.1, 0.9, chances)
    given = (torch.rand(size, count, generator=chances, device=device) < share) & wanted[:, None]
    chosen = torch.randint(len(bank.patches), (size, count), generator=chances, device=device)
    gain = _uniform((size, count), 0.35, 1.3, chances)
    cold = torch.rand(size, 1, generator=chances, device=device) < 0.2
    gain = torch.where(cold, -0.7 * gain, gain) * given
    patch = (bank.patches * bank.masks)[chosen]
    sizes = bank.sizes[chosen]
    flip = torch.rand(size, count, generator=chances, device=device) < 0.5
    patch = torch.where(flip[..., None, None], patch.flip(-1), patch)
    lies = (torch.rand(size, count, generator=chances, device=device) < 0.3)[..., None]
    patch = torch.where(lies[..., None], patch.transpose(-1, -2), patch)
    sizes = torch.where(lies, sizes.flip(-1), sizes)
    zoom = _uniform((size, count), 0.6, 1.25, chances)
    theta = torch.zeros(size * count, 2, 3, device=device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1 / zoom.flatten()
    grid = functional.affine_grid(theta, [size * count, 1, PATCH, PATCH], align_corners=False)
    zoomed = functional.grid_sample(patch.view(-1, 1, PATCH, PATCH), grid, align_corners=False)
    zoomed = zoomed.view(size, count, PATCH, PATCH) * gain[..., None, None]
    x, y = _places(size, count, chances)
    frames = frames + _spread(zoomed, x, y)
    centre = torch.stack([x, y], -1) + PATCH / 2
    half = sizes * zoom[..., None] / 2
    kind = torch.where(given, 0.0, float(NOBODY))
    kind = torch.where(given & (half.amin(-1) < 2), float(IGNORED), kind)
    added = torch.cat([centre - half, centre + half, kind[..., None]], -1)
    return frames, torch.cat([boxes, added], 1)


def _blended(
    frames: Tensor, boxes: Tensor, strength: Strength, chances: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Some frames with the next one of the batch shining through: other ground under the same people.

    After mixup (Zhang et al. 2018); whom the fainter frame shows counts neither way.
    """
    size, device = len(frames), frames.device
    chosen = torch.rand(size, generator=chances, device=device) < strength.blend
    share = torch.where(chosen, _uniform((size,), 0.12, 0.4, chances), 0.0)
    other = boxes.roll(1, 0).clone()
    told = chosen[:, None] & (other[..., 4] != NOBODY)
    other[..., 4] = torch.where(told, float(IGNORED), float(NOBODY))
    return torch.lerp(frames, frames.roll(1, 0), share[:, None, None]), torch.cat([boxes, other], 1)


def _distracted(frames: Tensor, strength: Strength, chances: torch.Generator) -> Tensor:
    """Even discs and long bars, warm and cold, that are nobody: covers in a road, puddles, lamps, kerbs."""
    size, device, count = len(frames), frames.device, strength.distracting
    wanted = torch.rand(size, 1, generator=chances, device=device) < strength.distract
    given = (torch.rand(size, count, generator=chances, device=device) < 0.5) & wanted
    depth = _uniform((size, count), 0.06, 0.5, chances) * given
    depth = torch.where(torch.rand(size, count, generator=chances, device=device) < 0.5, -depth, depth)
    radius = torch.exp(_uniform((size, count), math.log(2.5), math.log(11.0), chances))
    bar = torch.rand(size, count, generator=chances, device=device) < 0.3
    long = torch.where(bar, _uniform((size, count), 5, 12, chances), _uniform((size, count), 1, 1.4, chances))
    wide = torch.where(bar, radius.clamp(max=4), radius)
    turn = _uniform((size, count), 0, math.pi, chances)
    steps = torch.arange(PATCH, device=device) - PATCH / 2 + 0.5
    along = steps * torch.cos(turn)[..., None, None] + steps[:, None] * torch.sin(turn)[..., None, None]
    across = steps[:, None] * torch.cos(turn)[..., None, None] - steps * torch.sin(turn)[..., None, None]
    reach = (wide * long).clamp(max=PATCH / 2 - 3)
    away = torch.sqrt((along / reach[..., None, None]) ** 2 + (across / wide[..., None, None]) ** 2)
    piece = torch.sigmoid((1 - away) * wide[..., None, None] * 2.5) * depth[..., None, None]
    return frames + _spread(piece, *_places(size, count, chances))


def _places(size: int, count: int, chances: torch.Generator) -> tuple[Tensor, Tensor]:
    """(size, count) left columns and top rows of patches that lie whole in a frame."""
    device = chances.device
    x = torch.randint(COLUMNS - PATCH, (size, count), generator=chances, device=device)
    y = torch.randint(ROWS - PATCH, (size, count), generator=chances, device=device)
    return x, y


def _spread(pieces: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """(size, rows, columns): the (size, count, PATCH, PATCH) pieces added up at their places."""
    size, device = len(pieces), pieces.device
    steps = torch.arange(PATCH, device=device)
    places = (
        torch.arange(size, device=device)[:, None, None, None] * (ROWS * COLUMNS)
        + (y[..., None, None] + steps[:, None]) * COLUMNS + x[..., None, None] + steps
    )  # fmt: skip
    flat = torch.zeros(size * ROWS * COLUMNS, device=device)
    return flat.index_add(0, places.flatten(), pieces.flatten().float()).view(size, ROWS, COLUMNS)


TONES = 9
"""Knots of a curve of tones."""


def _toned(frames: Tensor, strength: Strength, chances: torch.Generator) -> Tensor:
    """Some frames through a rising curve drawn at random.

    A camera's gain control gives its tones to what is there, so that one street is flat in one flight and
    stark in another.
    """
    size, device = len(frames), frames.device
    chosen = torch.rand(size, generator=chances, device=device) < strength.tone
    rises = -torch.log(torch.rand(size, TONES - 1, generator=chances, device=device).clamp_min(1e-4)) + 0.15
    knots = functional.pad(torch.cumsum(rises, 1) / rises.sum(1, keepdim=True), (1, 0))
    few = frames[:, ::8, ::8].flatten(1).float()
    low, high = torch.quantile(few, torch.tensor([0.002, 0.998], device=device), dim=1)
    span = (high - low).clamp_min(1e-3)[:, None, None]
    place = ((frames - low[:, None, None]) / span).clamp(0, 1) * (TONES - 1)
    knot = place.floor().clamp(max=TONES - 2)
    number = knot.long().flatten(1)
    before, after = (knots.gather(1, number + each).view_as(frames) for each in (0, 1))
    toned = torch.lerp(before, after, place - knot) * span + low[:, None, None]
    return torch.where(chosen[:, None, None], toned, frames)


def _developed(frames: Tensor, strength: Strength, chances: torch.Generator) -> Tensor:
    """What another sensor, another night and another screen would have made of them."""
    size, device = len(frames), frames.device

    def one(low: float, high: float) -> Tensor:
        return _uniform((size, 1, 1), low, high, chances)

    frames = _toned(frames.clamp(0, 1.5), strength, chances)
    frames = frames ** torch.exp(one(-0.5, 0.5))
    soft = functional.avg_pool2d(frames[:, None], 3, 1, 1, count_include_pad=False)[:, 0]
    frames = torch.lerp(frames, soft, one(-0.3, 1.0))
    noise = torch.randn(frames.shape, generator=chances, device=device)
    frames = frames + noise * one(0, 0.025) * (one(0, 1) < 0.7)
    stripes = torch.randn(size, 1, COLUMNS, generator=chances, device=device)
    frames = frames + stripes * one(0, 0.01) * (one(0, 1) < 0.3)
    slope = one(-0.2, 0.2) * torch.linspace(-1, 1, COLUMNS, device=device)
    frames = frames + slope + one(-0.2, 0.2) * torch.linspace(-1, 1, ROWS, device=device)[:, None]
    black = (torch.rand(size, 1, 1, generator=chances, device=device) < strength.black_hot).float()
    return frames * (1 - 2 * black)
