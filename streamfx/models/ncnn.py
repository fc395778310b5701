"""ncnn networks (``.param`` and ``.bin``) as plain torch modules.

The formats are those that ncnn's ``net.cpp`` and ``paramdict.cpp`` read: a line of text a layer,
and their weights one behind the other.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from streamfx.errors import ModelError
from streamfx.models._layers import channels_last
from streamfx.models._ncnn_file import Weights, read_layers
from streamfx.models._ncnn_layers import LAYERS
from streamfx.models._wiring import Wiring


def load(param: Path, weights: Path, *, input: str = "", output: str = "") -> nn.Module:
    """Return the network in two files, for pictures (N, C, H, W) of R'G'B' in [0, 1].

    ``input`` and ``output`` are what the file calls the picture that goes in and the one that comes
    out; left out: the only input, and what the last layer makes. Raises :exc:`ModelError` for files
    that are broken, do not belong together or want a layer that is not known here.
    """
    layers = read_layers(param)
    unknown = sorted({layer.kind for layer in layers} - LAYERS.keys() - {"Input"})
    if unknown:
        raise ModelError(f"{param.name}: layer {', '.join(unknown)} is not known here")
    entries = [name for layer in layers if layer.kind == "Input" for name in layer.outputs]
    entry, end = input or entries[0], output or layers[-1].outputs[0]
    if entries != [entry] or all(end not in layer.outputs for layer in layers):
        raise ModelError(f"{param.name} has no way from {entry!r} to {end!r}")
    data = Weights(weights)
    wiring = Wiring()
    wiring.put(entry, wiring.call(channels_last, wiring.take("image")))
    for layer in layers:
        if layer.kind == "Input":
            continue
        try:
            made = LAYERS[layer.kind](layer, wiring, data)
        except KeyError as exc:
            raise ModelError(f"{param.name}: nothing makes {exc} for {layer.name!r}") from exc
        except ModelError as exc:
            raise ModelError(f"{param.name}: layer {layer.name!r}: {exc}") from exc
        for name in layer.outputs:
            wiring.put(name, made)
    data.finish()
    network = wiring.finish([wiring.get(end)], {"outputs": (end,)})
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
