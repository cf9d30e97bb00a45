"""Layouts of models, written with small random networks, and the vectors that the libraries make of them.

`tests/engines/test_matrix.py` holds every engine to the libraries, and `benchmarks/agreement.py` prints the table.
"""

import json
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from odd_texts import TEXTS, write_tokenizer
from tiny import config_of

from hypiler import ModelConfig
from hypiler.engines import EngineError

WIDTH = 16
BOUND = 1e-4
"""The largest difference between a vector and the library's."""
ENGINES = ("onnx", "sentence-transformers", "fastembed")
"""The engines that are compared, by name."""
Found = list[Any]
"""For each text its vector, or the error of the library."""
QUERIES = ["plain", "empty", "accents", "special tokens", "long"]
ST = "sentence_transformers"
SETTINGS = "config_sentence_transformers.json"
_SIZES = {
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "hidden_size": WIDTH,
    "max_position_embeddings": 66,
}


@dataclass
class Layout:
    """A folder of a model.

    Attributes:
        network: The name of a configuration class of transformers without `Config`, or "" for no network.
        tokenizer: The kind of tokenizer, as `odd_texts` names them.
        settings: tokenizer_config.json.
        modules: The modules of modules.json after the network; None for a folder without it.
        files: Further files by name, as JSON.
        encoder_type: The encoder type.
        facts: What the registry says of its encoding.
        changes: Changes of the configuration of the network.
        tokens: Changes of the parts of tokenizer.json.
        place: The folder of the network, with a trailing slash.
        head: The end of the name of the network's class.
        dim: The width of the vectors.
        first: The class of the network's module.
        layers: The type of the weights of linear layers.
        refused: The engines that must refuse the layout.
    """

    network: str
    tokenizer: str
    settings: dict[str, Any] = field(default_factory=dict)
    modules: Sequence[tuple[str, dict[str, Any] | None]] | None = (
        ("Pooling", {"embedding_dimension": WIDTH, "pooling_mode": "mean"}),
    )
    files: dict[str, Any] = field(default_factory=dict)
    encoder_type: str = "dense"
    facts: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, Any] = field(default_factory=dict)
    place: str = ""
    head: str = "Model"
    dim: int = WIDTH
    first: str = f"{ST}.models.Transformer"
    layers: str = "float32"
    refused: tuple[str, ...] = ()


def pooling(mode: Any, **further: Any) -> tuple[str, dict[str, Any]]:
    """A pooling module in today's words."""
    return "Pooling", {"embedding_dimension": WIDTH, "pooling_mode": mode} | further


def linear(out: int, inner: int = WIDTH, **further: Any) -> tuple[str, dict[str, Any]]:
    """A linear layer."""
    return "Dense", {"in_features": inner, "out_features": out} | further


ONNX = ("onnx", "fastembed")
NORMALIZE: tuple[str, None] = ("Normalize", None)
IDENTITY = "torch.nn.modules.linear.Identity"
BERT = {"tokenizer_class": "BertTokenizer", "model_max_length": 64, "pad_token": "[PAD]"}
ROBERTA = {"tokenizer_class": "RobertaTokenizer", "pad_token": "<pad>"}
XLMR = {"tokenizer_class": "XLMRobertaTokenizer", "pad_token": "<pad>"}
FAST = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 60, "pad_token": "<pad>"}
QWEN = {"tokenizer_class": "Qwen2Tokenizer", "model_max_length": 60, "pad_token": "<pad>"}
LEFT = {"max_length": 9, "stride": 0, "strategy": "LongestFirst", "direction": "Left"}
LATE = "sentence_transformers.multi_vector_encoder.modules.multi_vector_mask.MultiVectorMask"
TOKENS: dict[str, Any] = {"module_input_name": "token_embeddings", "module_output_name": "token_embeddings"}
LAYOUTS: dict[str, Layout] = {
    "BERT, mean, normalized": Layout("Bert", "word pieces", BERT, (pooling("mean"), NORMALIZE)),
    "BERT, cls, at most 20 tokens, prompts": Layout(
        "Bert",
        "word pieces",
        BERT,
        (pooling("cls"),),
        {
            "sentence_bert_config.json": {"max_seq_length": 20, "do_lower_case": True},
            SETTINGS: {"prompts": {"query": "query: ", "document": "passage: "}},
        },
    ),
    "BERT, cased over a lower-cased tokenizer.json": Layout("Bert", "word pieces", BERT | {"do_lower_case": False}),
    "BERT, accents kept, ideographs whole": Layout(
        "Bert", "word pieces", BERT | {"strip_accents": False, "tokenize_chinese_chars": False}
    ),
    "BERT, tokens of special_tokens_map": Layout(
        "Bert",
        "word pieces",
        BERT,
        files={
            "special_tokens_map.json": {"mask_token": {"content": "[MASK]", "lstrip": True, "normalized": False}},
            "added_tokens.json": {"newtok": 5, "[unused1]": 6},
        },
    ),
    "BERT, do_lower_case over a cased tokenizer": Layout(
        "Bert",
        "word pieces",
        BERT | {"do_lower_case": False},
        files={"sentence_bert_config.json": {"do_lower_case": True, "processor_kwargs": {"model_max_length": 33}}},
    ),
    "BERT without modules.json": Layout(
        "Bert",
        "word pieces",
        BERT,
        None,
        facts={"pooling": "mean", "normalize": False, "query_prefix": "", "document_prefix": ""},
    ),
    "BERT, cls and mean joined": Layout(
        "Bert", "word pieces", BERT, (pooling(["cls", "mean"]),), dim=2 * WIDTH, refused=("fastembed",)
    ),
    "BERT, two Dense": Layout(
        "Bert",
        "word pieces",
        BERT,
        (
            pooling("max"),
            linear(24, activation_function="torch.nn.modules.activation.ReLU"),
            linear(12, 24, activation_function="torch.nn.modules.activation.GELU", bias=False),
            NORMALIZE,
        ),
        dim=12,
        refused=("fastembed",),
    ),
    "BERT, Dense in float16": Layout(
        "Bert", "word pieces", BERT, (pooling("mean"), linear(12)), dim=12, layers="float16", refused=("fastembed",)
    ),
    "BERT, Dense in bfloat16": Layout(
        "Bert", "word pieces", BERT, (pooling("mean"), linear(12)), dim=12, layers="bfloat16", refused=("fastembed",)
    ),
    "BERT, Normalize before Dense": Layout(
        "Bert", "word pieces", BERT, (pooling("mean"), NORMALIZE, linear(12)), dim=12, refused=ONNX
    ),
    "BERT, LayerNorm": Layout(
        "Bert", "word pieces", BERT, (pooling("mean"), ("LayerNorm", {"dimension": WIDTH})), refused=ONNX
    ),
    "BERT, two Poolings": Layout(
        "Bert",
        "word pieces",
        BERT,
        (pooling("mean"), pooling("cls")),
        facts={"pooling": "cls"},
        refused=ONNX,
    ),
    "BERT, prompt left out of the mean": Layout(
        "Bert",
        "word pieces",
        BERT,
        (pooling("mean", include_prompt=False),),
        {SETTINGS: {"prompts": {"query": "query: ", "document": "passage: "}}},
        refused=ONNX,
    ),
    "BERT, dropout": Layout(
        "Bert", "word pieces", BERT, (pooling("mean"), ("Dropout", {"dropout": 0.5})), refused=ONNX
    ),
    "RoBERTa, more positions than tokens": Layout("Roberta", "bytes", ROBERTA | {"model_max_length": 64}),
    "RoBERTa without a limit": Layout(
        "Roberta", "bytes", ROBERTA | {"model_max_length": 10**30}, refused=("fastembed",)
    ),
    "RoBERTa, blank before, left": Layout(
        "Roberta",
        "bytes",
        ROBERTA | {"add_prefix_space": True, "truncation_side": "left", "model_max_length": 30},
        (pooling("weightedmean"),),
        refused=("fastembed",),
    ),
    "MPNet, Dense of the default activation": Layout(
        "MPNet",
        "words",
        {"tokenizer_class": "MPNetTokenizer", "model_max_length": 50},
        (pooling("mean"), linear(12), NORMALIZE),
        dim=12,
        refused=("fastembed",),
    ),
    "DistilBERT in 0_Transformer, max_len": Layout(
        "DistilBert",
        "word pieces",
        {"tokenizer_class": "DistilBertTokenizer", "max_len": 40},
        (("Pooling", {"word_embedding_dimension": WIDTH, "pooling_mode_cls_token": False}),),
        changes={"dim": WIDTH, "n_layers": 2, "n_heads": 2, "hidden_dim": 32, "max_position_embeddings": 66},
        place="0_Transformer/",
        refused=("fastembed",),
    ),
    "XLM-R, cls, left": Layout(
        "XLMRoberta", "pieces", XLMR | {"truncation_side": "left", "model_max_length": 40}, (pooling("cls"), NORMALIZE)
    ),
    "BERT with pieces": Layout("Bert", "pieces", XLMR | {"model_max_length": 40}),
    "CamemBERT": Layout(
        "Camembert", "pieces", XLMR | {"tokenizer_class": "CamembertTokenizer", "model_max_length": 40}
    ),
    "ModernBERT, left in tokenizer.json": Layout(
        "ModernBert", "bytes", FAST, (pooling("cls"), NORMALIZE), tokens={"truncation": LEFT}
    ),
    "Qwen3, last token, instruction": Layout(
        "Qwen3",
        "bytes",
        QWEN | {"padding_side": "left"},
        (pooling("lasttoken"), NORMALIZE),
        {SETTINGS: {"prompts": {"query": "Instruct: search\nQuery: ", "document": ""}}},
        changes={"num_key_value_heads": 1, "head_dim": 8},
    ),
    "Qwen2, last token, left": Layout(
        "Qwen2",
        "bytes",
        QWEN | {"truncation_side": "left", "extra_special_tokens": ["the"]},
        (pooling("lasttoken"), NORMALIZE),
        changes={"num_key_value_heads": 1},
    ),
    "GPT-2, weighted mean": Layout(
        "GPT2",
        "bytes",
        {"tokenizer_class": "GPT2Tokenizer", "pad_token": "<pad>"},
        (pooling("weightedmean"),),
        changes={"n_embd": WIDTH, "n_layer": 2, "n_head": 2, "n_positions": 66},
        refused=("fastembed",),
    ),
    "Llama, mean": Layout(
        "Llama",
        "blanks",
        {"tokenizer_class": "LlamaTokenizer", "pad_token": "<pad>", "model_max_length": 60},
        changes={"num_key_value_heads": 1, "head_dim": 8},
    ),
    "Gemma, mean, Dense": Layout(
        "Gemma",
        "blanks",
        {"tokenizer_class": "GemmaTokenizer", "model_max_length": 60},
        (pooling("mean"), linear(12, activation_function=IDENTITY, bias=False), NORMALIZE),
        changes={"num_key_value_heads": 1, "head_dim": 8},
        dim=12,
        refused=("fastembed",),
    ),
    "T5, mean, Dense without bias": Layout(
        "T5",
        "t5 pieces",
        {"tokenizer_class": "T5Tokenizer", "model_max_length": 512},
        (pooling("mean"), linear(12, activation_function=IDENTITY, bias=False), NORMALIZE),
        {"sentence_bert_config.json": {"max_seq_length": 30}},
        changes={"d_model": WIDTH, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2},
        head="EncoderModel",
        dim=12,
        refused=("fastembed",),
    ),
    "DeBERTa, max": Layout(
        "DebertaV2",
        "deberta pieces",
        {"tokenizer_class": "DebertaV2Tokenizer"},
        (pooling("max"),),
        refused=("fastembed",),
    ),
    "ALBERT, mean_sqrt_len": Layout(
        "Albert",
        "deberta pieces",
        {"tokenizer_class": "AlbertTokenizer", "model_max_length": 30, "pad_token": "[PAD]"},
        (pooling("mean_sqrt_len_tokens"),),
        changes={"embedding_size": WIDTH},
        refused=("fastembed",),
    ),
    "SPLADE": Layout(
        "Bert",
        "word pieces",
        BERT | {"model_max_length": 30},
        ((f"{ST}.sparse_encoder.models.SpladePooling", {"pooling_strategy": "max"}),),
        {SETTINGS: {"model_type": "SparseEncoder"}},
        encoder_type="sparse",
        first=f"{ST}.sparse_encoder.models.MLMTransformer",
        head="ForMaskedLM",
    ),
    "SPLADE without modules.json": Layout(
        "DistilBert",
        "word pieces",
        BERT,
        None,
        encoder_type="sparse",
        facts={"query_prefix": "", "document_prefix": ""},
        changes={"dim": WIDTH, "n_layers": 2, "n_heads": 2, "hidden_dim": 32, "max_position_embeddings": 66},
        head="ForMaskedLM",
    ),
    "late interaction": Layout(
        "Bert",
        "word pieces",
        BERT,
        (
            linear(8, activation_function=IDENTITY, bias=False, **TOKENS),
            (LATE, {"skiplist_words": [",", "."]}),
            ("Normalize", TOKENS),
        ),
        {
            SETTINGS: {"model_type": "MultiVectorEncoder", "prompts": {"query": "query: ", "document": "passage: "}},
            "sentence_bert_config.json": {
                "query_length": 20,
                "document_length": 40,
                "query_expansion": {"strategy": "fixed", "length": 20, "attend": False, "token": None},
            },
        },
        "multi_vector",
        dim=8,
        refused=("fastembed",),
    ),
    "late interaction, left": Layout(
        "ModernBert",
        "bytes",
        FAST | {"truncation_side": "left"},
        ((LATE, {"skiplist_words": []}), ("Normalize", TOKENS)),
        {SETTINGS: {"model_type": "MultiVectorEncoder", "prompts": {"query": "", "document": ""}}},
        "multi_vector",
        refused=("fastembed",),
    ),
    "PyLate": Layout(
        "Bert",
        "word pieces",
        BERT | {"added_tokens_decoder": None},
        (("pylate.models.Dense.Dense", linear(8, activation_function=IDENTITY, bias=False)[1]),),
        {
            SETTINGS: {
                "model_type": "ColBERT",
                "query_prefix": "[unused0]",
                "document_prefix": "[unused1]",
                "query_length": 20,
                "document_length": 40,
                "attend_to_expansion_tokens": False,
                "do_query_expansion": True,
                "skiplist_words": [",", "."],
            }
        },
        "multi_vector",
        facts={"normalize": True},
        dim=8,
        refused=("fastembed",),
    ),
    "settings of PyLate, no layer": Layout(
        "Bert",
        "word pieces",
        BERT,
        (),
        {
            SETTINGS: {
                "model_type": "ColBERT",
                "query_prefix": "[unused0]",
                "document_prefix": "[unused1]",
                "query_length": 12,
                "document_length": 20,
                "attend_to_expansion_tokens": True,
                "skiplist_words": [],
            }
        },
        "multi_vector",
        facts={"normalize": True},
    ),
    "reranker, BERT": Layout(
        "Bert",
        "word pieces",
        BERT,
        None,
        encoder_type="reranker",
        changes={"num_labels": 1},
        head="ForSequenceClassification",
    ),
    "reranker, BERT without type ids, left": Layout(
        "Bert",
        "word pieces",
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 40, "truncation_side": "left"}
        | {"pad_token": "[PAD]"},
        None,
        encoder_type="reranker",
        changes={"num_labels": 1},
        head="ForSequenceClassification",
    ),
    "reranker, XLM-R": Layout(
        "XLMRoberta",
        "pieces",
        XLMR | {"model_max_length": 50},
        None,
        encoder_type="reranker",
        changes={"num_labels": 1},
        head="ForSequenceClassification",
    ),
}
"""The layouts by name."""


def write_layout(folder: Path, layout: Layout) -> Path:
    """Write the files of a layout, with the network in PyTorch's and in ONNX's form. Needs torch and transformers."""
    settings = {key: value for key, value in layout.settings.items() if value is not None}
    size = write_tokenizer(folder / layout.place, layout.tokenizer, settings, **layout.tokens)
    # transformers adds the special tokens of a class that the vocabulary does not have.
    network = _network(layout, size + 16)
    network.save_pretrained(folder / layout.place)
    _export(network, folder / "onnx/model.onnx", layout)
    files = dict(layout.files)
    if layout.modules is not None:
        files |= _modules(folder, layout)
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def _network(layout: Layout, size: int) -> Any:
    import torch
    import transformers

    torch.manual_seed(0)
    special = {"pad_token_id": 1 if layout.tokenizer in ("words", "bytes", "pieces") else 0}
    # The weights of a usual start are so small that all texts get nearly equal vectors.
    wide = {"initializer_range": 0.3, "tie_word_embeddings": True}
    own = (
        {"bos_token_id": 0, "eos_token_id": 2, "cls_token_id": 0, "sep_token_id": 2}
        if layout.network == "ModernBert"
        else {}
    )
    sizes = {} if layout.network in ("DistilBert", "GPT2", "T5") else _SIZES
    config = getattr(transformers, f"{layout.network}Config")(
        vocab_size=size, **(sizes | special | wide | own | layout.changes)
    )
    config._attn_implementation = "eager"
    if layout.network == "GPT2":
        config.bos_token_id = config.eos_token_id = 2
    return getattr(transformers, layout.network + layout.head)(config).eval()


def _export(network: Any, target: Path, layout: Layout) -> None:
    import torch

    class Plain(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, ids: Any, mask: Any, types: Any = None) -> Any:
            further = {} if types is None else {"token_type_ids": types}
            found = self.network(input_ids=ids, attention_mask=mask, **further, return_dict=True)
            return found.last_hidden_state if hasattr(found, "last_hidden_state") else found.logits

    target.parent.mkdir(parents=True, exist_ok=True)
    # fastembed makes no type ids for late interaction.
    types = layout.network == "Bert" and layout.encoder_type != "multi_vector"
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if types else [])]
    ids = torch.randint(3, 20, (2, 7))
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    output = "last_hidden_state" if layout.head.endswith("Model") else "logits"
    shapes = {name: {0: "batch", 1: "tokens"} for name in names}
    shapes[output] = {0: "batch"} if layout.encoder_type == "reranker" else {0: "batch", 1: "tokens"}
    with warnings.catch_warnings():
        # The newer exporter needs one more library.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Plain().eval(),
            (ids, mask, torch.zeros_like(ids))[: len(names)],
            str(target),
            input_names=names,
            output_names=[output],
            dynamic_axes=shapes,
            opset_version=17,
            dynamo=False,
        )


def _modules(folder: Path, layout: Layout) -> dict[str, Any]:
    """modules.json and the files of the modules, with the weights of layers."""
    import torch
    from safetensors.torch import save_file

    random = np.random.default_rng(1)
    listed = [{"idx": 0, "name": "0", "path": layout.place.rstrip("/"), "type": layout.first}]
    files: dict[str, Any] = {}
    for number, (type, config) in enumerate(layout.modules or (), 1):
        bare = type.rpartition(".")[2]
        place = f"{number}_{bare}"
        listed.append(
            {"idx": number, "name": str(number), "path": place, "type": type if "." in type else f"{ST}.models.{type}"}
        )
        if config is not None:
            files[f"{place}/config.json"] = config
        weights: dict[str, Any] = {}
        if bare == "Dense" and config:
            weights["linear.weight"] = random.normal(size=(config["out_features"], config["in_features"]))
            if config.get("bias", True):
                weights["linear.bias"] = random.normal(size=config["out_features"])
        if bare == "LayerNorm":
            weights = {"norm.weight": random.normal(size=WIDTH), "norm.bias": random.normal(size=WIDTH)}
        if weights:
            (folder / place).mkdir()
            dtype = getattr(torch, layout.layers if bare == "Dense" else "float32")
            held = {name: torch.from_numpy(array / 4).to(dtype) for name, array in weights.items()}
            save_file(held, folder / place / "model.safetensors", metadata={"format": "pt"})
    return files | {"modules.json": listed}


def engines_of(layout: Layout) -> list[str]:
    """The engines that run models of the layout's encoder type."""
    return [name for name in ENGINES if layout.encoder_type != "reranker" or name != "fastembed"]


def config_for(layout: Layout, folder: Path, place: Path) -> ModelConfig:
    """The config of a registry that leaves to the files what they say."""
    types = {"multi_vector": "colbert"}
    network = json.loads((folder / layout.place / "config.json").read_bytes())
    size = network["vocab_size"]
    hidden = network.get("hidden_size", WIDTH)
    unknown = dict.fromkeys(("query_prefix", "document_prefix", "pooling", "normalize", "similarity"))
    prefixes = {"query_prefix": "", "document_prefix": ""}
    prompts = layout.files.get(SETTINGS, {})
    stated = unknown | ({} if prompts.get("prompts") or "query_prefix" in prompts else prefixes)
    if layout.encoder_type == "dense":
        stated |= {"similarity": "cosine"}
    dim = size if layout.encoder_type == "sparse" else layout.dim
    return config_of(
        place,
        type=types.get(layout.encoder_type, layout.encoder_type),
        specs={
            "embedding_dim": dim,
            "hidden_dim": hidden,
            "vocab_size": size,
            "context_length": 8192,
            "max_position_embeddings": 8192,
            "parameters": "100M",
        },
        architecture={"matryoshka_dims": [dim]},
        capabilities={"multi_vector": layout.encoder_type == "multi_vector"},
        encoding=stated | layout.facts,
    )


def write_genuine(minilm: Path, folder: Path) -> Path:
    """The files of the genuine MiniLM, with its network in ONNX's form."""
    from bert_onnx import export_bert

    for path in minilm.rglob("*"):
        target = folder / path.relative_to(minilm)
        if path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            # The engines refuse links that lead out of the folder.
            shutil.copy(path, target)
    (folder / "onnx").mkdir()
    export_bert(folder, folder / "onnx/model.onnx")
    return folder


GENUINE = Layout("MiniLM", "", {}, files={SETTINGS: {}}, dim=384)
"""The genuine MiniLM, whose files `write_genuine` writes."""


def write_static(folder: Path, own: bool) -> Path:
    """A static model in the layout of model2vec (`own`), or in that of sentence-transformers."""
    from safetensors.numpy import save_file

    place = "" if own else "0_StaticEmbedding/"
    size = write_tokenizer(folder / place, "word pieces", None)
    table = np.random.default_rng(2).normal(size=(size, WIDTH)).astype(np.float32)
    save_file({"embeddings" if own else "embedding.weight": table}, folder / place / "model.safetensors")
    if own:
        content: dict[str, Any] = {"model_type": "model2vec", "architectures": ["StaticModel"], "normalize": True}
        (folder / "config.json").write_text(json.dumps(content | {"hidden_dim": WIDTH, "max_length": 30}))
    else:
        types = [f"{ST}.models.StaticEmbedding", f"{ST}.models.Normalize"]
        modules = [
            {"idx": number, "name": str(number), "path": f"{number}_{type.rpartition('.')[2]}", "type": type}
            for number, type in enumerate(types)
        ]
        (folder / "modules.json").write_text(json.dumps(modules))
        (folder / SETTINGS).write_text(json.dumps({"model_type": "SentenceTransformer"}))
    return folder


def of_static_library(folder: Path, own: bool) -> dict[str, Found]:
    """What model2vec, or sentence-transformers, makes of each text alone."""
    model: Any
    if own:
        from model2vec import StaticModel

        model = StaticModel.from_pretrained(folder)
        # The library cuts texts by letters first, from a guess of how long tokens are. Its tokens are what is compared.
        model.median_token_length = 10**6
        encode = lambda text: model.encode([text], max_length=30)[0]  # noqa: E731
    else:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        encode = lambda text: model.encode([text])[0]  # noqa: E731
    found = [_tried(encode, text) for text in TEXTS.values()]
    return {"queries": found, "documents": found}


def static_config(folder: Path, place: Path, own: bool) -> ModelConfig:
    """The config of a static model."""
    size = len(
        json.loads((folder / ("" if own else "0_StaticEmbedding") / "tokenizer.json").read_bytes())["model"]["vocab"]
    )
    lengths = {"query_length": 30, "document_length": 30} if own else {}
    return config_of(
        place,
        type="static",
        specs={
            "embedding_dim": WIDTH,
            "hidden_dim": WIDTH,
            "vocab_size": size,
            "context_length": 100_000,
            "max_position_embeddings": None,
            "parameters": "1M",
        },
        architecture={"matryoshka_dims": [WIDTH]},
        encoding={"pooling": "mean", "normalize": True, **lengths},
    )


def of_pylate(folder: Path) -> dict[str, Found]:
    """What PyLate makes of each text alone."""
    from pylate.models import ColBERT

    model: Any = ColBERT(str(folder), device="cpu", local_files_only=True)

    def encoded(text: str, query: bool) -> Any:
        return np.asarray(model.encode([text], is_query=query, show_progress_bar=False)[0], np.float32)

    return {
        "queries": [_tried(lambda text: encoded(text, query=True), text) for text in TEXTS.values()],
        "documents": [_tried(lambda text: encoded(text, query=False), text) for text in TEXTS.values()],
    }


def of_library(layout: Layout, folder: Path) -> dict[str, Found]:
    """What the library makes of each text alone, as queries and as documents. Needs sentence-transformers."""
    import sentence_transformers as library
    import torch

    names = {"sparse": "SparseEncoder", "multi_vector": "MultiVectorEncoder", "reranker": "CrossEncoder"}
    kind = getattr(library, names.get(layout.encoder_type, "SentenceTransformer"))
    model = kind(str(folder), device="cpu", local_files_only=True)
    texts = list(TEXTS.values())
    if layout.encoder_type == "reranker":
        identity = torch.nn.Identity()
        pairs = [(TEXTS[query], text) for query in QUERIES for text in texts]
        return {"pairs": [_tried(lambda one: model.predict([one], activation_fn=identity), pair) for pair in pairs]}

    def encoded(encode: Callable[..., Any], text: str) -> Any:
        (found,) = encode([text], show_progress_bar=False)
        if isinstance(found, torch.Tensor):
            found = (found.to_dense() if found.is_sparse else found).float().numpy()
        return np.asarray(found, np.float32)

    return {
        "queries": [_tried(lambda text: encoded(model.encode_query, text), text) for text in texts],
        "documents": [_tried(lambda text: encoded(model.encode_document, text), text) for text in texts],
    }


def _tried(call: Callable[[Any], Any], value: Any) -> Any:
    try:
        return call(value)
    except Exception as error:
        return error


def of_engine(encoder: Any, encoder_type: str) -> dict[str, Any]:
    """What an engine makes of all texts together."""
    texts = list(TEXTS.values())
    if encoder_type == "reranker":
        queries = encoder.encode_queries([TEXTS[name] for name in QUERIES])
        return {"pairs": list(encoder.similarity(queries, encoder.encode_documents(texts)).reshape(-1))}
    found = {"queries": encoder.encode_queries(texts), "documents": encoder.encode_documents(texts)}
    return {side: list(one.toarray() if encoder_type == "sparse" else one) for side, one in found.items()}


@dataclass
class Outcome:
    """How an engine compares with the library.

    Attributes:
        difference: The largest difference of two numbers; infinite if two results have different shapes.
        text: The side and the text with the largest difference.
        refusal: Why the engine refused the layout; empty if it did not.
        compared: How many texts were compared.
        failed: On how many texts the library itself failed.
    """

    difference: float = 0.0
    text: str = ""
    refusal: str = ""
    compared: int = 0
    failed: int = 0


def compare(
    config: ModelConfig, folder: Path, engine: str, expected: dict[str, Found], encoder_type: str = "dense"
) -> Outcome:
    """Load a model with an engine, and compare its vectors with those of the library."""
    try:
        found = of_engine(config.load(engine, local=folder), encoder_type)
    except EngineError as error:
        return Outcome(refusal=str(error))
    outcome = Outcome()
    for side, one, other, text in _rows(expected, found):
        if isinstance(one, Exception):
            outcome.failed += 1
            continue
        outcome.compared += 1
        difference = float(np.abs(one - other).max(initial=0)) if np.shape(one) == np.shape(other) else float("inf")
        if not difference <= outcome.difference:
            outcome.difference, outcome.text = difference, f"{side}: {text}"
    return outcome


def _rows(expected: dict[str, Found], found: dict[str, Any]) -> Iterator[tuple[str, Any, Any, str]]:
    names = list(TEXTS)
    for side, values in expected.items():
        for number, (one, other) in enumerate(zip(values, found[side], strict=True)):
            if side == "pairs":
                yield side, one if isinstance(one, Exception) else np.float32(one[0]), other, names[number % len(names)]
            else:
                yield side, one, other, names[number]
