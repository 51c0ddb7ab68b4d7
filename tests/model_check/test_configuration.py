"""Configurations: only classes and settings of the allowlist reach Keras."""

import json
from pathlib import Path
from typing import Any

import pytest

from mnistcli.errors import ModelError
from mnistcli.model_check import check_model
from mnistcli.model_check.configuration import MAX_LAYERS
from tests.support.model_files import layer, model_file, sequential, tensor


def message_of(path: Path, config: Any) -> str:
    with pytest.raises(ModelError) as caught:
        check_model(model_file(path, config))
    return caught.value.message.removeprefix(repr(str(path))).strip()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.keras"


FLATTEN, DENSE = layer("Flatten"), layer("Dense", units=10)
FUNCTION = {"module": "builtins", "class_name": "function", "config": "relu"}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras.layers", "Lambda"),
        ("keras.layers", "TFSMLayer"),
        ("keras.layers", "TorchModuleWrapper"),
        ("keras.layers", "StringLookup"),
        ("keras.layers", "Wrapper"),
        ("keras.layers", "load_model"),
        ("keras", "Model"),
        ("keras.saving", "KerasFileEditor"),
        ("keras.utils", "get_file"),
        ("keras.src.layers.core.dense", "Dense"),
        ("keras.src.ops.core", "Switch"),
        ("keras.src.ops.core", "Cond"),
        ("builtins", "function"),
        ("keras.initializers", "Zeros"),
        ("os", "system"),
        ("__main__", "Flatten"),
        ("None", "__lambda__"),
        ("keras.layers", "Flatten\x1b[31m"),
    ],
)
def test_other_classes_are_refused_as_layers(path: Path, module: str, name: str) -> None:
    config = sequential(layer(name, module=module), FLATTEN, DENSE)

    reason = message_of(path, config)

    assert reason.startswith("contains more than stock Keras layers: ")
    assert reason.isprintable()


@pytest.mark.parametrize(
    "value",
    [
        FUNCTION,
        {"module": "keras.activations", "class_name": "relu", "config": {}},
        {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}},
        {"module": None, "class_name": "__lambda__", "config": {"value": "x"}},
        {"module": None, "class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}},
        {"class_name": "__typespec__", "config": []},
        {"class_name": "LeakyReLU", "config": {}},
    ],
)
def test_other_objects_are_refused_as_settings(path: Path, value: Any) -> None:
    dense = layer("Dense", units=10, activation=value)

    assert "contains more than stock" in message_of(path, sequential(FLATTEN, dense))


def test_an_object_inside_a_list_is_refused(path: Path) -> None:
    dense = layer("Dense", units=10, bias_initializer=[FUNCTION])

    assert "a setting that is not plain" in message_of(path, sequential(FLATTEN, dense))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"lora_rank": 10_000_000}, "unknown setting 'lora_rank'"),
        ({"quantization_config": {}}, "unknown setting 'quantization_config'"),
        ({"weights": [1.0]}, "unknown setting 'weights'"),
        ({"dtype": "int8_from_float32"}, "unknown data type 'int8_from_float32'"),
        ({"name": "n" * 1000}, "has a name that is too long or not text"),
        ({"axis": [0] * 5000}, "a long list"),
        ({"axis": [[[[[[1]]]]]]}, "a long list"),
        ({"epsilon": 1e300}, "out of range"),
    ],
)
def test_other_settings_are_refused(path: Path, settings: dict[str, Any], reason: str) -> None:
    dense = layer("Dense", units=10)
    dense["config"] |= settings

    assert reason in message_of(path, sequential(FLATTEN, dense))


def test_an_unknown_setting_that_is_not_set_is_dropped(path: Path) -> None:
    config = sequential(FLATTEN, layer("Dense", units=10, setting_of_keras_4=None))

    checked = check_model(model_file(path, config))

    assert "setting_of_keras_4" not in json.dumps(checked.config)


def test_compilation_and_shapes_for_building_are_dropped_at_every_depth(path: Path) -> None:
    compiled = {"compile_config": {"optimizer": FUNCTION}, "build_config": {"input_shape": [9]}}
    inner = sequential(FLATTEN | compiled, DENSE) | compiled
    config = sequential(inner) | compiled

    checked = check_model(model_file(path, config))

    assert "function" not in json.dumps(checked.config)
    assert "compile" not in json.dumps(checked.config)
    assert "build" not in json.dumps(checked.config)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_are_refused(path: Path, constant: str) -> None:
    text = json.dumps(sequential(FLATTEN, layer("Dense", units=10, epsilon=-77)))

    assert constant in message_of(path, text.replace("-77", constant).encode())


def test_too_many_layers_are_refused(path: Path) -> None:
    relus = [layer("ReLU")] * (MAX_LAYERS + 1)

    assert message_of(path, sequential(*relus)) == f"has more than {MAX_LAYERS} layers"


def test_models_nested_too_deeply_are_refused(path: Path) -> None:
    config = sequential(FLATTEN, DENSE)
    for _ in range(10):
        config = sequential(config)

    assert "nested more than" in message_of(path, config)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"\xff\xfe", b"[" * 100_000, b"{", b'"text"', b"[]", b"{}", b"null", b"1" * 5000,
        b'{"class_name": "Sequential"}', b'{"class_name": ["Sequential"], "module": "keras"}',
        b'{"class_name": "Sequential", "module": "keras", "config": []}',
        b'{"class_name": "Sequential", "module": "keras", "config": {"layers": 3}}',
        b'{"class_name": "Sequential", "module": "keras", "config": {"name": "", "layers": []}}',
    ],
)  # fmt: skip
def test_a_config_that_is_not_one_of_a_model(path: Path, text: bytes) -> None:
    assert message_of(path, text)


def functional(*layers: dict[str, Any], output: Any = ("dense", 0, 0)) -> dict[str, Any]:
    entry = layer("InputLayer", batch_shape=[None, 28, 28, 1]) | {"name": "in", "inbound_nodes": []}
    return layer(
        "Functional",
        module="keras.src.models.functional",
        layers=[entry, *layers],
        input_layers=["in", 0, 0],
        output_layers=list(output),
    )


def called(node: dict[str, Any], *calls: Any) -> dict[str, Any]:
    return node | {"name": node["config"]["name"], "inbound_nodes": list(calls)}


def call(*arguments: Any, **keywords: Any) -> dict[str, Any]:
    return {"args": list(arguments), "kwargs": keywords}


IN = tensor("in", [None, 28, 28, 1])
FLAT = called(FLATTEN, call(IN))


def test_a_functional_model_is_accepted(path: Path) -> None:
    dense = called(DENSE, call(tensor("flatten", [None, 784]), mask=None, training=False))

    assert check_model(model_file(path, functional(FLAT, dense))).config["class_name"]


@pytest.mark.parametrize(
    ("bad_call", "reason"),
    [
        (call(FUNCTION), "called with something other"),
        (call([FUNCTION]), "called with something other"),
        (call(IN, mask=FUNCTION), "called with 'mask'"),
        (call(IN, function=1), "called with 'function'"),
        (call("text"), "called with something other"),
        (call(1e40), "out of range"),
        ([["in", 0, 0, {}]], "has connections in the format of Keras 2"),
        (call(*[1.0] * 100), "too many inputs"),
        (call(tensor("in", [None] * 20)), "without a shape"),
        (call(tensor("in", [-1])), "without a shape"),
        (call(tensor("", [1])), "without a name"),
        (call(tensor("flatten", [None, 784])), "unconnected layers"),
        (call(tensor("missing", [None, 784])), "unconnected layers"),
    ],
)
def test_other_calls_are_refused(path: Path, bad_call: Any, reason: str) -> None:
    config = functional(called(FLATTEN, bad_call), called(DENSE, call(IN)))

    assert reason in message_of(path, config)


def test_several_outputs_are_refused(path: Path) -> None:
    config = functional(FLAT, output=[["flatten", 0, 0], ["flatten", 0, 0]])

    assert message_of(path, config) == "has several inputs or outputs"


def test_an_operation_outside_a_functional_model_gets_no_function(path: Path) -> None:
    divide = layer("TrueDivide", module="keras.src.ops.numpy")
    config = functional(
        called(divide, call(IN, 255.0)),
        called(FLATTEN, call(tensor("truedivide", [None, 28, 28, 1]))),
        called(DENSE, call(tensor("flatten", [None, 784]))),
    )

    assert check_model(model_file(path, config)).config
