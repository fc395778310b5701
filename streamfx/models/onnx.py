"""Networks in ONNX files, run by onnxruntime (the extra ``onnx``) on tensors where they lie.

Tensors of torch are bound to a session by their address, and what comes out is looked at in the
runtime's own memory, so that nothing is copied; recurrent states stay inside the runtime.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import re
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch

from streamfx.errors import ModelError

_LOG = logging.getLogger(__name__)

Provider: TypeAlias = Literal["auto", "cpu", "cuda", "tensorrt"]
"""What computes. ``auto``: CUDA where the pictures are there and the runtime has it, else the CPU;
TensorRT, which takes minutes to get ready, only when asked."""

ABSENT = "ONNX networks need onnxruntime: pip install 'streamfx[onnx]'"

_MARKS = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : |Status Message: ")
"""What stands before the words of a fault."""

_PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
KINDS = {
    "tensor(float)": torch.float32,
    "tensor(float16)": torch.float16,
    "tensor(double)": torch.float64,
    "tensor(uint8)": torch.uint8,
    "tensor(int32)": torch.int32,
    "tensor(int64)": torch.int64,
    "tensor(bool)": torch.bool,
}
"""The kinds of number that can be fed, by the runtime's name for them."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One input or output of a network."""

    name: str
    """What the file calls it."""
    dtype: torch.dtype
    """Of the numbers in it."""
    shape: tuple[int | None, ...]
    """Its sizes; None: any."""

    def __str__(self) -> str:
        sizes = ", ".join("any" if size is None else str(size) for size in self.shape)
        return f"{str(self.dtype).removeprefix('torch.')} ({sizes})"


class OnnxSession:
    """A network that was read from its file.

    Any threads may run it at once, each by a :class:`~streamfx.models.onnx_run.OnnxRun` of its own.
    """

    def __init__(self, path: Path, device: torch.device, provider: Provider = "auto") -> None:
        self.path = path
        """The file."""
        self.runtime = runtime()
        """The module ``onnxruntime``."""
        wanted = _wanted(self.runtime, device, provider)
        self.session = _read(self.runtime, path, wanted)
        """Its ``InferenceSession``."""
        self.provider = str(self.session.get_providers()[0])
        """What computes, by the runtime's name for it."""
        self.device = torch.device("cpu") if self.provider == _PROVIDERS["cpu"] else device
        """Where its tensors live."""
        self.inputs = _slots(path, self.session.get_inputs())
        self.outputs = _slots(path, self.session.get_outputs())
        log = _LOG.info if self.device.type == device.type else _LOG.warning
        log("%s runs by %s", path.name, self.provider)


_Key: TypeAlias = tuple[Path, int, torch.device, Provider]
_OPEN: weakref.WeakValueDictionary[_Key, OnnxSession] = weakref.WeakValueDictionary()
_LOCK = threading.Lock()


def opened(path: Path, device: torch.device, provider: Provider = "auto") -> OnnxSession:
    """Return the network in a file; the same one to all who hold it at the same time.

    Raises :exc:`ModelError` where there is no file, no runtime, or no ONNX network in the file.
    """
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", torch.cuda.current_device())
    try:
        changed = path.stat().st_mtime_ns
    except OSError as exc:
        raise ModelError(f"cannot read the network {path}: {exc.strerror}") from exc
    key = (path.resolve(), changed, device, provider)
    with _LOCK:
        session = _OPEN.get(key)
        if session is None:
            session = _OPEN[key] = OnnxSession(path, device, provider)
        return session


def installed() -> bool:
    """Tell whether there is an onnxruntime, without loading it."""
    return importlib.util.find_spec("onnxruntime") is not None


def runtime() -> Any:  # noqa: ANN401  a module that need not be installed
    """Return the module ``onnxruntime``, loaded at the first use."""
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as exc:
        raise ModelError(ABSENT) from exc


def faults() -> tuple[type[Exception], ...]:
    """Return what onnxruntime raises: classes of its own, of no common root but Exception."""
    module = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    own = [kind for kind in vars(module).values() if isinstance(kind, type)]
    return (*(kind for kind in own if issubclass(kind, Exception)), RuntimeError, ValueError)


def reason(exc: Exception) -> str:
    """Return what a fault of onnxruntime says, as one line and without its own bookkeeping."""
    text = " ".join(str(exc).split())
    return _MARKS.split(text)[-1][:300]


def _wanted(ort: Any, device: torch.device, provider: Provider) -> list[Any]:  # noqa: ANN401
    """Return the providers to try, best first, each with its options."""
    there = ort.get_available_providers()
    if provider == "auto":
        provider = "cuda" if device.type == "cuda" and _PROVIDERS["cuda"] in there else "cpu"
    elif provider != "cpu" and device.type != "cuda":
        raise ModelError(f"{provider} needs pictures on a GPU: render with --device cuda")
    if _PROVIDERS[provider] not in there:
        known = ", ".join(there)
        raise ModelError(f"this onnxruntime has no {_PROVIDERS[provider]}; it has: {known}")
    named: tuple[str, ...] = {"tensorrt": ("tensorrt", "cuda"), "cuda": ("cuda",)}.get(provider, ())
    return [(_PROVIDERS[name], {"device_id": device.index or 0}) for name in named]


def _read(ort: Any, path: Path, wanted: Sequence[Any]) -> Any:  # noqa: ANN401
    options = ort.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # Threads that wait by spinning take the cores from decoders and encoders, as torch's would.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # nothing: faults are raised
    try:
        return ort.InferenceSession(str(path), options, [*wanted, _PROVIDERS["cpu"]])
    except faults() as exc:
        raise ModelError(f"{path} is no ONNX network that can be run: {reason(exc)}") from exc


def _slots(path: Path, found: Sequence[Any]) -> Mapping[str, Slot]:
    made = {}
    for entry in found:
        if entry.type not in KINDS:
            raise ModelError(f"{path}: {entry.name} is a {entry.type}, which cannot be fed")
        shape = tuple(size if isinstance(size, int) else None for size in entry.shape)
        made[entry.name] = Slot(entry.name, KINDS[entry.type], shape)
    return made
