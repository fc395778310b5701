"""TFLite files as plain torch modules: on any device, in batches, compiled if wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import fx, nn

from streamfx.errors import ModelError
from streamfx.models._layers import channels_last
from streamfx.models._tflite_file import TFLiteFile, read
from streamfx.models._tflite_more import OPERATIONS
from streamfx.models._tflite_ops import Reading
from streamfx.models._wiring import Wiring


def load(
    path: Path,
    *,
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
    outputs: Mapping[str, str] | None = None,
) -> nn.Module:
    """Return the network in a TFLite file, for pictures (N, 3, H, W) of R'G'B' in [0, 1].

    The network itself subtracts ``mean`` and divides by ``std``, one number each or one a channel.
    It returns a tensor, or a tuple in the order of ``outputs``, which maps a name to the file's
    (left out: the file's own). Pictures come as (N, C, H, W), all else in the shape that the file
    states, N being first. Its ``size`` is the (height, width) that it takes, its ``outputs`` are
    their names. Raises :exc:`ModelError` for a file that is broken or wants an operation that is
    not known here.
    """
    file = read(path)
    try:
        return _build(file, mean, std, outputs)
    except ModelError as exc:
        raise ModelError(f"{path.name}: {exc}") from exc
    except (KeyError, IndexError, ValueError, RuntimeError) as exc:
        raise ModelError(f"{path.name} cannot be turned into a network: {exc}") from exc


def _build(
    file: TFLiteFile, mean: Sequence[float], std: Sequence[float], outputs: Mapping[str, str] | None
) -> nn.Module:
    if len(file.inputs) != 1 or len(file.shapes[file.inputs[0]]) != 4:
        raise ModelError("only networks that take one picture are known here")
    unknown = sorted({op.kind for op in file.ops} - OPERATIONS.keys())
    if unknown:
        raise ModelError(f"operation {', '.join(unknown)} is not known here")
    wanted = _wanted(file, outputs)
    wiring = Wiring()
    image = wiring.take("image")
    image = wiring.call(channels_last, image)
    wiring.put(file.inputs[0], _normalised(wiring, image, mean, std))
    reading = Reading(file, wiring)
    for op in file.ops:
        wiring.put(op.outputs[0], OPERATIONS[op.kind](reading, op))
    facts = {
        "size": file.shapes[file.inputs[0]][1:3],
        "outputs": tuple(wanted),
    }
    made = wiring.finish([wiring.get(number) for number in wanted.values()], facts)
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _wanted(file: TFLiteFile, outputs: Mapping[str, str] | None) -> dict[str, int]:
    there = {file.names[number]: number for number in file.outputs}
    if outputs is None:
        return there
    missing = [name for name in outputs.values() if name not in there]
    if missing:
        raise ModelError(f"there is no output {missing[0]!r}; there are: {', '.join(there)}")
    return {ours: there[name] for ours, name in outputs.items()}


def _normalised(
    wiring: Wiring, image: fx.Node, mean: Sequence[float], std: Sequence[float]
) -> fx.Node:
    if not any(mean) and all(value == 1 for value in std):
        return image
    shift, scale = (torch.tensor(values or (base,)).view(1, -1, 1, 1)
                    for values, base in ((mean, 0.0), (std, 1.0)))  # fmt: skip
    image = wiring.call(torch.sub, image, wiring.constant(shift))
    return wiring.call(torch.div, image, wiring.constant(scale))
