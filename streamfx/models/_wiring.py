"""Networks that are put together call by call, while a file of another format is read."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import torch
from torch import fx, nn


class Wiring:
    """A network in the making; :meth:`finish` returns it as a plain torch module.

    Values are known by whatever the file calls them. Calls become Python code, so the network costs
    nothing but its operations, may be compiled, and takes batches.
    """

    def __init__(self) -> None:
        self._root = nn.Module()
        self._graph = fx.Graph()
        self._values: dict[Hashable, fx.Node] = {}
        self._fresh: set[fx.Node] = set()

    def take(self, name: str) -> fx.Node:
        """Add an input, in the order of the calls."""
        return self._graph.placeholder(name)

    def layer(self, module: nn.Module, *inputs: fx.Node) -> fx.Node:
        """Call a module with weights of its own."""
        name = f"layer{len(list(self._root.children()))}"
        self._root.add_module(name, module)
        return self._keep(self._graph.call_module(name, inputs))

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> fx.Node:  # noqa: ANN401
        """Call a function that makes a new tensor."""
        return self._keep(self._graph.call_function(function, args, kwargs))

    def method(self, name: str, value: fx.Node, *args: Any) -> fx.Node:  # noqa: ANN401
        """Call a method of a tensor. What it returns may share the tensor's memory."""
        made = self._graph.call_method(name, (value, *args))
        if value in self._fresh:
            self._fresh.add(made)
        return made

    def constant(self, value: torch.Tensor) -> fx.Node:
        """Add a tensor that moves with the network."""
        name = f"constant{len(list(self._root.buffers()))}"
        self._root.register_buffer(name, value)
        return self._graph.get_attr(name)

    def put(self, name: Hashable, value: fx.Node) -> None:
        """Remember a value under the file's name for it."""
        self._values[name] = value

    def get(self, name: Hashable) -> fx.Node:
        """Return the value that the file calls so. Raises KeyError where nothing made it."""
        return self._values[name]

    def owns(self, value: fx.Node) -> bool:
        """Return whether a value lies in memory of the network's own, not of the caller's."""
        return value in self._fresh

    def finish(self, outputs: Sequence[fx.Node], facts: Mapping[str, object]) -> fx.GraphModule:
        """Return the network: one output as a tensor, several as a tuple; in eval mode."""
        self._graph.output(outputs[0] if len(outputs) == 1 else tuple(outputs))
        self._graph.lint()
        made = fx.GraphModule(self._root, self._graph)
        for name, value in facts.items():
            setattr(made, name, value)
        return made.eval().requires_grad_(False)

    def _keep(self, made: fx.Node) -> fx.Node:
        self._fresh.add(made)
        return made
