"""One stream through an ONNX network: tensors bound by their address, states kept inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from streamfx.errors import ModelError
from streamfx.models.onnx import KINDS, OnnxSession, Slot, faults, reason

_NUMPY = {
    torch.float32: np.float32,
    torch.float16: np.float16,
    torch.float64: np.float64,
    torch.uint8: np.uint8,
    torch.int32: np.int32,
    torch.int64: np.int64,
    torch.bool: np.bool_,
}


class OnnxRun:
    """What one stream needs of a session: the states of the frame before.

    ``states`` pairs each recurrent input with the output that becomes it for the next frame.
    """

    def __init__(self, session: OnnxSession, states: Sequence[tuple[str, str]] = ()) -> None:
        self.session = session
        """What runs."""
        self._states = tuple(states)
        self._faults = faults()
        self._past: dict[str, _Value] = {}

    def reset(self) -> None:
        """Forget the frames before."""
        self._past = {}

    def __call__(
        self, feeds: Mapping[str, torch.Tensor], wanted: Sequence[str]
    ) -> tuple[torch.Tensor, ...]:
        """Run the network and return the outputs ``wanted``, which lie in the runtime's memory.

        A feed that is contiguous, of the input's kind of number and on the session's device is
        read where it lies; another one is converted. Raises :exc:`ModelError`.
        """
        session, names = self.session, dict.fromkeys((*wanted, *(s for _, s in self._states)))
        binding = session.session.io_binding()  # one a frame: it owns what it gets out
        held = [
            *(self._bind(binding, session.inputs[name], feed) for name, feed in feeds.items()),
            *(self._bind_state(binding, session.inputs[name]) for name, _ in self._states),
        ]
        for name in names:
            binding.bind_output(name, session.device.type, session.device.index or 0)
        if session.device.type == "cuda":
            torch.cuda.current_stream(session.device).synchronize()  # the runtime has its own
        try:
            session.session.run_with_iobinding(binding)
        except self._faults as exc:
            self.reset()
            raise ModelError(f"{session.path.name} failed: {reason(exc)}") from exc
        binding.clear_binding_inputs()
        del held  # had to live until now
        values = [_Value(value, binding) for value in binding.get_outputs()]
        made = dict(zip(names, values, strict=True))
        self._past = {name: made[source] for name, source in self._states}
        return tuple(view(made[name], session.device) for name in wanted)

    def _bind(self, binding: Any, slot: Slot, tensor: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
        device = self.session.device
        fed = tensor.to(device, slot.dtype).contiguous()
        place = device.type, device.index or 0
        shape = tuple(fed.shape)
        binding.bind_input(slot.name, *place, _NUMPY[slot.dtype], shape, fed.data_ptr())
        return fed

    def _bind_state(self, binding: Any, slot: Slot) -> _Value | torch.Tensor:  # noqa: ANN401
        past = self._past.get(slot.name)
        if past is None:
            shape = [size or 1 for size in slot.shape]
            return self._bind(binding, slot, torch.zeros(shape, dtype=slot.dtype))
        binding.bind_ortvalue_input(slot.name, past.value)
        return past


class _Value(NamedTuple):
    """What came out of a run, and what has to live as long as it."""

    value: Any
    """An ``OrtValue``."""
    binding: Any
    """The ``IOBinding`` whose it is: older runtimes let it go with that."""


class _Lent:
    """The memory of a value, as numpy and torch take it without a copy.

    They keep this object, and it keeps the value, for as long as their arrays live.
    """

    def __init__(self, made: _Value, kind: np.dtype[Any]) -> None:
        self._made = made
        self.interface = {
            "data": (made.value.data_ptr(), False),
            "shape": tuple(made.value.shape()),
            "typestr": kind.str,
            "version": 3,
        }


class _LentCpu(_Lent):
    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self.interface


class _LentCuda(_Lent):
    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return self.interface


def view(made: _Value, device: torch.device) -> torch.Tensor:
    """Return the tensor in a value, without a copy."""
    kind = np.dtype(_NUMPY[KINDS[made.value.data_type()]])
    if device.type == "cpu":
        return torch.from_numpy(np.asarray(_LentCpu(made, kind)))
    return torch.as_tensor(_LentCuda(made, kind), device=device)
