"""Shape inference: output shape, parameter count and memory of each layer, without building any."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnistcli.model_check.allowlist import FUNCTIONAL, INPUT_LAYER, SEQUENTIAL
from mnistcli.model_check.input_shapes import fixed_shape
from mnistcli.model_check.layer_rules import LAYER_RULES, OPERATION_RULES
from mnistcli.model_check.nodes import Node, producer
from mnistcli.model_check.refusal import RefusedModelError, require, shorten
from mnistcli.model_check.sizes import LayerSize, Shape, count_elements, require_single_input

MAX_CALLS = 2000
"""Maximum number of calls of layers; a nested model is followed each time it is called."""
_MAX_VALUES = 1 << 40  # numbers with thousands of digits take time


@dataclass(frozen=True)
class ModelSize:
    """Size of a model.

    Attributes:
        input: Shape of its input for one image; a side is None if any size fits.
        output: Shape of its output.
        parameters: Number of parameters; shared layers are counted once.
        largest_output: Number of values in the largest activation of a layer for one image, or in
            the largest array that a layer computes on the way.
    """

    input: tuple[int | None, ...]
    output: Shape
    parameters: int
    largest_output: int


def measure(config: Node) -> ModelSize:
    """Measure a model by its configuration.

    A model that does not declare its input is measured for MNIST images.

    Args:
        config: A configuration that has been rebuilt.

    Raises:
        RefusedModelError: The shapes of the layers are incompatible.
    """
    declared = _declared_input(config)
    inputs = fixed_shape((None, None, 1) if declared is None else declared)
    meter = _Meter()
    output = meter.call(config, [inputs])
    return ModelSize(declared or inputs, output, meter.parameters, meter.largest_output)


class _Meter:
    """Measures the layers of one model."""

    def __init__(self) -> None:
        self.largest_output = 0
        self._calls = 0
        self._parameters: dict[int, int] = {}

    @property
    def parameters(self) -> int:
        return sum(self._parameters.values())

    def call(self, node: Node, inputs: Sequence[Shape]) -> Shape:
        """Return the shape of the output of a layer or model."""
        self._calls += 1
        require(self._calls <= MAX_CALLS, f"calls its layers more than {MAX_CALLS} times")
        try:
            return self._dispatch(node, inputs)
        except RefusedModelError as refusal:
            name = node["config"].get("name")
            if name is None or ": layer " in refusal.reason:
                raise
            raise RefusedModelError(f"{refusal.reason}: layer {shorten(name)!r}") from refusal

    def _dispatch(self, node: Node, inputs: Sequence[Shape]) -> Shape:
        class_path = (node["module"], node["class_name"])
        config = node["config"]
        if class_path == SEQUENTIAL:
            return self._sequential(config, inputs)
        if class_path == FUNCTIONAL:
            return self._functional(config, inputs)
        if class_path == INPUT_LAYER:
            return self._input(config, inputs)
        if class_path[1] == "TimeDistributed":
            steps, *rest = require_single_input(inputs)
            return (steps, *self.call(config["layer"], [tuple(rest)]))
        if class_path[1] == "Bidirectional":
            return self._bidirectional(config, inputs)
        rule = OPERATION_RULES.get(class_path) or LAYER_RULES[class_path[1]]
        return self._record(node, rule(config, inputs))

    def _record(self, node: Node, size: LayerSize) -> Shape:
        self._parameters[id(node)] = size.parameters
        values = max(count_elements(size.shape), size.temporary)
        require(values <= _MAX_VALUES, f"has a layer with more than {_MAX_VALUES:,} outputs")
        self.largest_output = max(self.largest_output, values)
        return size.shape

    @staticmethod
    def _input(config: Node, inputs: Sequence[Shape]) -> Shape:
        require(
            not config.get("sparse") and not config.get("ragged"), "has a sparse or ragged input"
        )
        shape, declared = require_single_input(inputs), _sides(config)
        require(
            declared is None
            or (
                len(declared) == len(shape)
                and all(side in {None, real} for side, real in zip(declared, shape, strict=True))
            ),
            "has an input of the wrong shape",
        )
        return shape

    def _sequential(self, config: Node, inputs: Sequence[Shape]) -> Shape:
        shape = require_single_input(inputs)
        for layer in config["layers"]:
            shape = self.call(layer, [shape])
        return shape

    def _bidirectional(self, config: Node, inputs: Sequence[Shape]) -> Shape:
        shape = self.call(config["layer"], inputs)
        other = config.get("backward_layer") or {**config["layer"]}  # a copy has its own weights
        require(self.call(other, inputs) == shape, "has a layer whose directions differ")
        require(config.get("merge_mode") is not None, "has a layer with several outputs")
        return (*shape[:-1], 2 * shape[-1]) if config["merge_mode"] == "concat" else shape

    def _functional(self, config: Node, inputs: Sequence[Shape]) -> Shape:
        """Call the layers in topological order, each as soon as all of its inputs are known."""
        outputs: dict[tuple[str, int], Shape] = {}
        layers = {layer["name"]: layer for layer in config["layers"]}
        require(len(layers) == len(config["layers"]), "has two layers with the same name")
        entry, _, _ = config["input_layers"]
        pending = {
            (name, number): call
            for name, layer in layers.items()
            for number, call in enumerate(layer["inbound_nodes"])
        }
        for name, layer in layers.items():
            if (layer["module"], layer["class_name"]) == INPUT_LAYER:
                require(name == entry, "has several inputs or outputs")
                outputs[name, 0] = self.call(layer, inputs)
        while ready := [key for key, call in pending.items() if _is_ready(call, outputs)]:
            for key in ready:
                shapes = list(_shapes(pending.pop(key), outputs))
                outputs[key] = self.call(layers[key[0]], shapes)
        last, number, _ = config["output_layers"]
        require(not pending and (last, number) in outputs, "has unconnected layers")
        return outputs[last, number]


def _is_ready(call: Node, outputs: Mapping[tuple[str, int], Shape]) -> bool:
    return all(producer(tensor) in outputs for tensor in _tensors(call))


def _shapes(call: Node, outputs: Mapping[tuple[str, int], Shape]) -> Iterator[Shape]:
    """Yield the shapes of the arguments of a call; a number has the shape ()."""
    for argument in _arguments(call):
        yield outputs[producer(argument)] if isinstance(argument, dict) else ()


def _tensors(call: Node) -> Iterator[Node]:
    return (argument for argument in _arguments(call) if isinstance(argument, dict))


def _arguments(call: Node) -> Iterator[Any]:
    for argument in call["args"]:
        yield from argument if isinstance(argument, list) else [argument]
    yield from (call["kwargs"][key] for key in ("query", "value", "key") if key in call["kwargs"])


def _declared_input(config: Node) -> tuple[int | None, ...] | None:
    """Return the shape that a model declares for its input; None if it declares none."""
    layers = config["config"]["layers"]
    class_path = (config["module"], config["class_name"])
    if class_path == FUNCTIONAL:
        name = config["config"]["input_layers"][0]
        layers = [layer for layer in layers if layer["name"] == name]
    if not layers:
        return None
    first = layers[0]
    if (first["module"], first["class_name"]) == INPUT_LAYER:
        return _sides(first["config"])
    return _declared_input(first) if "layers" in first["config"] else None


def _sides(config: Node) -> tuple[int | None, ...] | None:
    """Return the sides of an input layer, without the batch."""
    batch_shape = config.get("batch_shape")
    sides = batch_shape[1:] if isinstance(batch_shape, list) else config.get("shape")
    if not isinstance(sides, list):
        return None
    known = all(side is None or (isinstance(side, int) and side > 0) for side in sides)
    require(known and len(sides) > 0, "has an input of an invalid shape")
    return tuple(sides)
