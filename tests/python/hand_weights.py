"""The traits that configurations and files state, read from records in plain Python: a check of int_record_weights."""

import re
from typing import Any

LEVEL = re.compile(
    r"(?:^|[-._/])((?:IQ[1-8]_(?:XXS|XS|S|M|NL|XL)|T?Q[1-9]_(?:K_(?:XXS|XS|S|M|L|XL)|K|[01](?:_[0-9]+)*)"
    r"|MXFP4(?:_MOE)?|BF16|FP?16|FP?32))(?:[-._][^/]*)?\.gguf$",
    re.IGNORECASE,
)
CLASSES = [
    (1e8, "under 100M"), (1e9, "100M to 1B"), (3e9, "1B to 3B"), (1e10, "3B to 10B"), (3e10, "10B to 30B"),
    (1e11, "30B to 100B"), (float("inf"), "100B and more"),
]  # fmt: skip  # a table
TRAITS = ("architecture", "model_type", "parameter_size", "quantization")


def weight_traits(record: dict[str, Any]) -> dict[str, set[str]]:
    """The values of each trait of `TRAITS`."""
    config, safetensors, gguf = (_object(record.get(name)) for name in ("config", "safetensors", "gguf"))
    method = _object(config.get("quantization_config"))
    name = _text(method.get("quant_method")).lower()
    bits = (
        "4" if method.get("load_in_4bit") is True else "8" if method.get("load_in_8bit") is True else method.get("bits")
    )
    sizes = {kind: number for kind, number in _object(safetensors.get("parameters")).items() if number > 0}
    dtype = max(sizes, key=lambda kind: (sizes[kind], kind)).upper() if sizes else ""
    is_packed = bool(name) or (bool(dtype) and not dtype.startswith(("F", "BF")))
    total = gguf.get("total") or (None if is_packed else safetensors.get("total"))
    levels = {
        match[1].upper().replace("FP", "F")
        for file in record.get("siblings") or []
        if (match := LEVEL.search(file["rfilename"]))
    }
    written = config.get("architectures") or []
    return {
        "architecture": {_text(item) for item in ([written] if isinstance(written, str) else written)} - {""},
        "model_type": {_text(config.get("model_type")).lower()} - {""},
        "parameter_size": {next(word for below, word in CLASSES if total < below)} if total else set(),
        "quantization": levels
        | ({name + (f"-{bits}bit" if bits is not None else "")} if name else set())
        | ({dtype} if dtype and not is_packed else set()),
    }


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
