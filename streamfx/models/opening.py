"""From files to a network: whichever format it is, nothing in it is run."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from streamfx.errors import ModelError
from streamfx.models.card import ModelCard


def open_network(card: ModelCard, paths: Sequence[Path]) -> torch.nn.Module:
    """Return the network of a card, on the CPU in float32.

    Raises :exc:`ModelError` where its files cannot be read, or are not those of the network.
    """
    if not paths:
        return _built(card)
    ending = paths[0].suffix.lower()
    if ending == ".safetensors":
        return _filled(card, _safetensors(card, paths[0]))
    if ending in (".pth", ".pt"):
        return _filled(card, _pickled(card, paths[0]))
    if ending == ".tflite":
        from streamfx.models import tflite

        return tflite.load(paths[0], **_picked(card, "mean", "std", "outputs"))
    if ending == ".param":
        from streamfx.models import ncnn

        if len(paths) != 2:
            raise ModelError(f"model {card.name!r}: an ncnn network is a .param and a .bin file")
        return ncnn.load(paths[0], paths[1], **_picked(card, "input", "output"))
    if ending == ".onnx":
        node = f"{card.task or 'matting'}.onnx"
        raise ModelError(f"model {card.name!r} is an ONNX file: the node {node} runs it")
    raise ModelError(
        f"model {card.name!r}: {paths[0].name} is of no known format (.safetensors, .pth, .tflite, "
        ".param, .onnx)"
    )


def _picked(card: ModelCard, *keys: str) -> dict[str, Any]:
    return {key: card.io[key] for key in keys if key in card.io}


def _built(card: ModelCard) -> torch.nn.Module:
    """Return the network without weights of its own, as its class makes it."""
    if not card.network:
        raise ModelError(f"model {card.name!r}: its card names no network for the weights")
    home, _, name = card.network.partition(":")
    try:
        made = getattr(importlib.import_module(home), name)(**card.io.get("arguments", {}))
    except (ImportError, AttributeError, TypeError) as exc:
        raise ModelError(f"model {card.name!r}: no network {card.network}: {exc}") from exc
    if not isinstance(made, torch.nn.Module):
        raise ModelError(f"model {card.name!r}: {card.network} makes no network of torch")
    return made


def _filled(card: ModelCard, state: Mapping[str, torch.Tensor]) -> torch.nn.Module:
    network = _built(card)
    try:
        network.load_state_dict(state)
    except RuntimeError as exc:
        why = " ".join(str(exc).split())
        raise ModelError(f"model {card.name!r}: weights of another network: {why}") from exc
    return network


def _safetensors(card: ModelCard, path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as exc:
        raise ModelError(f"model {card.name!r}: {path.name} is broken: {exc}") from exc


def _pickled(card: ModelCard, path: Path) -> dict[str, torch.Tensor]:
    """Read tensors, and nothing but tensors, from a file of torch's own format."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as exc:  # whatever a broken pickle makes torch raise
        why = str(exc).splitlines()[0]
        raise ModelError(f"model {card.name!r}: {path.name} cannot be read safely: {why}") from exc
    key = card.io.get("key", "")
    state = state.get(key) if key and isinstance(state, dict) else state
    if not isinstance(state, dict) or not all(torch.is_tensor(each) for each in state.values()):
        raise ModelError(f"model {card.name!r}: {path.name} holds no table of weights (io.key)")
    prefix, without = card.io.get("prefix", ""), tuple(card.io.get("without", ()))
    named = {name.removeprefix(prefix): value for name, value in state.items()}
    return {name: value for name, value in named.items() if not name.startswith(without)}
