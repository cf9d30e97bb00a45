"""The arithmetic of networks, held against the classes of transformers. They are built without any memory."""

from typing import Any

import pytest

from hypiler.schema.network_sizes import Shape, variations

torch = pytest.importorskip("torch", reason="needs PyTorch: python -m pip install -e '.[test-pytorch]'")
transformers = pytest.importorskip("transformers", reason="needs transformers, as .[test-pytorch] has it")

ENCODER = {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 101, "num_labels": 1}
BERT = {**ENCODER, "intermediate_size": 256, "max_position_embeddings": 37}
DISTIL = {"dim": 64, "n_layers": 3, "n_heads": 4, "vocab_size": 101, "hidden_dim": 256, "max_position_embeddings": 37}
DEBERTA = {
    **BERT,
    "relative_attention": True,
    "position_buckets": 256,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": "p2c|c2p",
    "position_biased_input": False,
    "type_vocab_size": 0,
}
GATED = {**ENCODER, "intermediate_size": 96, "pad_token_id": 0}
MODERN = {**GATED, **dict.fromkeys(("eos_token_id", "bos_token_id", "cls_token_id", "sep_token_id"), 1)}
DECODER = {**GATED, "num_key_value_heads": 2}
T5 = {"d_model": 64, "num_layers": 3, "num_heads": 4, "d_kv": 24, "vocab_size": 101, "d_ff": 96}
WIDTHS = {
    "bert": {"positions": 37, "heads": 4},
    "gated": {"inner": 96, "heads": 4, "key_value_heads": 2},
    "wide": {"inner": 96, "heads": 4, "key_value_heads": 2, "head_width": 24},
}
TYPES = ("Model", "ForMaskedLM", "ForSequenceClassification")
# The class, the settings of its configuration, and the widths of the same network.
CASES: "list[tuple[str, dict[str, Any], str]]" = [
    *[(f"Bert{one}", BERT, "bert") for one in (*TYPES, "ForPreTraining")],
    ("BertForMaskedLM", {**BERT, "tie_word_embeddings": False}, "bert"),
    *[(f"{name}{one}", {**BERT, "type_vocab_size": 1}, "bert") for name in ("Roberta", "XLMRoberta") for one in TYPES],
    ("XLMRobertaModel", {**BERT, "type_vocab_size": 2}, "bert"),
    *[(f"DistilBert{one}", {**DISTIL, "num_labels": 1}, "bert") for one in TYPES],
    *[(f"MPNet{one}", BERT, "bert") for one in TYPES],
    *[(f"DebertaV2{one}", DEBERTA, "bert") for one in TYPES],
    *[(f"ModernBert{one}", MODERN, "gated") for one in TYPES],
    *[
        (f"Gte{one}", {**GATED, "type_vocab_size": n}, "gated")
        for n in (1, 2)
        for one in (*TYPES, "ForTokenClassification")
    ],
    *[(f"NomicBert{one}", GATED, "gated") for one in TYPES],
    *[
        (f"{name}{one}", {**DECODER, "tie_word_embeddings": tied}, "gated")
        for name in ("Llama", "Mistral", "Qwen2")
        for one in ("ForCausalLM", "ForSequenceClassification")
        for tied in (True, False)
    ],
    *[
        (f"{name}{one}", {**DECODER, "head_dim": 24}, "wide")
        for name in ("Qwen3", "Gemma", "Gemma2")
        for one in ("Model", "ForCausalLM")
    ],
    ("Gemma3TextModel", {**DECODER, "head_dim": 24}, "wide"),
    ("T5EncoderModel", T5, "wide"),
    ("T5EncoderModel", {**T5, "feed_forward_proj": "gated-gelu"}, "wide"),
]


@pytest.mark.parametrize(("name", "settings", "widths"), CASES)
def test_class_of_transformers_has_one_of_the_counts(name: str, settings: dict[str, Any], widths: str) -> None:
    network = getattr(transformers, name)
    config = network.config_class(**settings)
    with torch.device("meta"):
        count = sum(one.numel() for one in network(config).parameters())
    shape = Shape(64, 3, 101, **WIDTHS[widths])
    if name.startswith("NomicBert"):
        shape = shape.replaced("positions", 37)
    assert count in [one for _, one in variations(config.model_type, shape)]
