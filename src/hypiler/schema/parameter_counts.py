"""Parameter counts as models.json writes them: `22.7M`, `1.5B`, `8x7B`."""

_UNITS = "KMBT"
COUNT_FACTS = (
    *("architecture_type", "model_type", "modalities", "remote_code", "has_projection", "projection_dims"),
    *("hidden_dim", "vocab_size", "max_position_embeddings", "dense_layers", "layers", "intermediate_dim"),
    *("attention_heads", "key_value_heads", "head_dim"),
)
"""The attributes of a model that the exact number of its parameters follows from."""


def parameter_count(text: str) -> float:
    """`110M` as 110,000,000; `8x7B` as 56,000,000,000."""
    times, _, count = text[:-1].rpartition("x")
    return int(times or 1) * float(count) * float(1000 ** (_UNITS.index(text[-1]) + 1))


def parameters_range(stated: str) -> tuple[float, float]:
    """The counts that give a stated one such as `22.7M`, if they are rounded or cut off at its last digit.

    The first is included, the second is not. For `8x7B`, any count between one part (7B) and the product (56B) agrees,
    since the parts share some layers.
    """
    times, _, digits = stated[:-1].rpartition("x")
    value = parameter_count(stated)
    step = int(times or 1) * parameter_count("1" + stated[-1]) / 10 ** len(digits.partition(".")[2])
    return parameter_count(digits + stated[-1]) if times else value - step / 2, value + step


def parameters_agree(stated: str, count: int) -> bool:
    """Whether a stated count such as `22.7M` is `count` rounded, or cut off, at its last digit."""
    least, most = parameters_range(stated)
    return least <= count < most


def parameters_text(count: int) -> str:
    """A count with three significant digits, as models.json writes it: `22.7M`."""
    for power, unit in enumerate(_UNITS, 1):
        text = f"{count / 1000**power:.4g}" if count < 1000 else f"{count / 1000**power:.3g}"
        if "e" not in text and float(text) < 1000:
            return text + unit
    return f"{round(count / 1000 ** len(_UNITS))}{_UNITS[-1]}"
