"""Allowlist of the names in a configuration: classes by module, settings and data types.

Everything else is refused. Layers are named in `mnistcli.model_check.layer_rules`, because a layer
without a rule for its output size is not allowed.
"""

SEQUENTIAL = ("keras", "Sequential")
FUNCTIONAL = ("keras.src.models.functional", "Functional")
MODELS = {
    SEQUENTIAL: SEQUENTIAL,
    ("keras.models", "Sequential"): SEQUENTIAL,
    FUNCTIONAL: FUNCTIONAL,
    ("keras.src.engine.functional", "Functional"): FUNCTIONAL,
    ("keras", "Functional"): FUNCTIONAL,
    ("keras.models", "Functional"): FUNCTIONAL,
}
"""Models, with the name under which Keras 3.15 knows them."""

LAYERS_MODULE = "keras.layers"
INPUT_LAYER = (LAYERS_MODULE, "InputLayer")

ACTIVATION_LAYERS = frozenset({"ELU", "LeakyReLU", "ReLU", "Softmax"})
"""Layers without weights that people pass as the activation of another layer."""

_INITIALIZERS = (
    *("Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity"),
    *("IdentityInitializer", "LecunNormal", "LecunUniform", "Ones", "Orthogonal"),
    *("OrthogonalInitializer", "RandomNormal", "RandomUniform", "TruncatedNormal"),
    *("VarianceScaling", "Zeros"),
)
_REGULARIZERS = ("L1", "L1L2", "L2", "OrthogonalRegularizer")
_CONSTRAINTS = ("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm")
OBJECTS = frozenset(
    {("keras", "DTypePolicy"), ("keras.dtype_policies", "DTypePolicy")}
    | {("keras.initializers", name) for name in _INITIALIZERS}
    | {("keras.regularizers", name) for name in _REGULARIZERS}
    | {("keras.constraints", name) for name in _CONSTRAINTS}
)
"""Classes of settings."""

DTYPES = frozenset(
    {"bfloat16", "float16", "float32", "float64", "mixed_bfloat16", "mixed_float16"}
    | {"bool", "int8", "int16", "int32", "int64", "uint8"}
)
"""Names of data types and of policies; quantization is not among them."""

SETTINGS = frozenset(
    # All layers
    {"activity_regularizer", "autocast", "dtype", "name", "trainable"}
    # Inputs
    | {"batch_shape", "batch_size", "optional", "ragged", "shape", "sparse"}
    # Weights
    | {
        f"{weight}_{kind}"
        for weight in (
            *("alpha", "beta", "bias", "depthwise", "gamma", "kernel", "moving_mean"),
            *("moving_variance", "pointwise", "recurrent"),
        )
        for kind in ("constraint", "initializer", "regularizer")
    }
    | {"center", "scale", "unit_forget_bias", "use_bias"}
    # Dense layers, convolutions, pooling
    | {"activation", "data_format", "depth_multiplier", "dilation_rate", "filters", "groups"}
    | {"kernel_size", "keepdims", "output_padding", "padding", "pool_size", "strides", "units"}
    # Normalization
    | {"axis", "epsilon", "invert", "mean", "momentum", "renorm", "renorm_clipping"}
    | {"renorm_momentum", "rms_scaling", "synchronized", "variance"}
    # Activations, dropout and noise
    | {"alpha", "l1", "l2", "mask_value", "max_value", "negative_slope", "noise_shape", "rate"}
    | {"seed", "shared_axes", "stddev", "threshold"}
    # Shapes and merging
    | {"axes", "cropping", "dims", "n", "normalize", "target_shape"}
    # Images
    | {"antialias", "crop_to_aspect_ratio", "factor", "fill_mode", "fill_value", "height"}
    | {"height_factor", "interpolation", "mode", "offset", "pad_to_aspect_ratio", "size"}
    | {"value_range", "width", "width_factor"}
    # Recurrent layers and attention
    | {"backward_layer", "dropout", "flash_attention", "go_backwards", "implementation", "key_dim"}
    | {"layer", "merge_mode", "num_heads", "output_shape", "recurrent_activation"}
    | {"recurrent_dropout", "reset_after", "return_sequences", "return_state", "score_mode"}
    | {"stateful", "unroll", "use_gate", "use_scale", "value_dim", "zero_output_for_mask"}
    | {"attention_axes"}
    # Configurations of initializers, regularizers, constraints and policies
    | {"distribution", "factor", "gain", "input_axes", "max_value", "maxval", "mean", "min_value"}
    | {"minval", "output_axes", "source_name", "value"}
)
"""Settings of layers, without those that load files, allocate adapters or quantize weights."""
