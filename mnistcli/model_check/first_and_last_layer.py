"""First and last layer: detect pixel scale and output activation from the configuration."""

from mnistcli.model_check.allowlist import FUNCTIONAL
from mnistcli.model_check.nodes import Node, producer


def first_divisor(config: Node) -> float | None:
    """Return the number by which the first layer of a model divides pixels.

    Args:
        config: A configuration that has been rebuilt.

    Returns:
        The number; None if the first layer does something else.
    """
    layer = _first_layer(config)
    if layer is None:
        return None
    if "layers" in layer["config"]:
        return first_divisor(layer)
    if layer["class_name"] == "Rescaling":
        scale = layer["config"].get("scale")
        return 1 / scale if isinstance(scale, int | float) and scale else None
    if layer["class_name"] in {"Divide", "TrueDivide"}:
        for call in layer.get("inbound_nodes", ()):
            numbers = [value for value in call["args"] if isinstance(value, int | float)]
            return float(numbers[0]) if numbers else None
    return None


def last_activation(config: Node) -> str | None:
    """Return the activation of the last layer of a model, such as ``softmax``, if it has a name."""
    layers = config["config"]["layers"]
    if (config["module"], config["class_name"]) == FUNCTIONAL:
        name, _, _ = config["config"]["output_layers"]
        layers = [layer for layer in layers if layer["name"] == name]
    if not layers:
        return None
    last = layers[-1]
    if "layers" in last["config"]:
        return last_activation(last)
    if last["class_name"] == "Softmax":
        return "softmax"
    activation = last["config"].get("activation")
    return activation if isinstance(activation, str) else None


def _first_layer(config: Node) -> Node | None:
    """Return the layer that the input of a model goes into; None if there are several."""
    layers = config["config"]["layers"]
    if (config["module"], config["class_name"]) != FUNCTIONAL:
        inner = [layer for layer in layers if layer["class_name"] != "InputLayer"]
        return inner[0] if inner else None
    input_name, _, _ = config["config"]["input_layers"]
    following = [layer for layer in layers if _is_fed_by(layer, input_name)]
    return following[0] if len(following) == 1 else None


def _is_fed_by(layer: Node, input_name: str) -> bool:
    """Return whether a layer is called with the output of another."""
    for call in layer["inbound_nodes"]:
        for argument in call["args"]:
            tensors = argument if isinstance(argument, list) else [argument]
            if any(
                isinstance(tensor, dict) and producer(tensor)[0] == input_name for tensor in tensors
            ):
                return True
    return False
