"""What is verified is what runs: `hypiler verify`, the engines and the libraries take the same from a folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agreement_matrix import Layout, write_layout
from tiny import WHOLE, WIDTH, WORDS, config_of, write_tiny

from hypiler.engines.layout import read_layout
from hypiler.hub.folder import read_folder
from hypiler.model_files.extract import extract_facts
from hypiler.schema.encoder_types import MODEL_TYPES

ST = "sentence_transformers.models"
SETTINGS = "config_sentence_transformers.json"
NETWORK = [
    f"sentence_{name}_config.json"
    for name in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
]
BERT = {"model_type": "bert", "architectures": ["BertModel"], "hidden_size": WIDTH, "vocab_size": len(WORDS)}
POSITIONS = BERT | {"max_position_embeddings": 64}
ROBERTA = BERT | {"model_type": "xlm-roberta", "architectures": ["XLMRobertaModel"], "max_position_embeddings": 66}
LIMIT = {"tokenizer_config.json": {"model_max_length": 10**30}}


def listed(*types: str, first: str = "") -> list[dict[str, Any]]:
    """A modules.json of these types, each in a folder such as `1_Pooling`."""
    return [
        {"idx": n, "name": str(n), "path": f"{n}_{type}" if n else first, "type": f"{ST}.{type}"}
        for n, type in enumerate(types)
    ]


def dense(*after: str, first: str = "", pooling: Any = None, **settings: Any) -> dict[str, Any]:
    """A dense model whose network lies in the folder `first`."""
    place = f"{first}/" if first else ""
    return {
        f"{place}config.json": POSITIONS,
        "modules.json": listed("Transformer", "Pooling", *after, first=first),
        "1_Pooling/config.json": {"word_embedding_dimension": WIDTH, "pooling_mode": "mean"}
        if pooling is None
        else {"word_embedding_dimension": WIDTH} | pooling,
        SETTINGS: settings,
    }


def layer(number: int, out: int, **further: Any) -> dict[str, Any]:
    return {f"{number}_Dense/config.json": {"in_features": WIDTH, "out_features": out} | further}


# A folder, and what both must say of it: attributes of ModelFolder.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}

for name in NETWORK:
    for first in ("", "0_Transformer", "any folder"):
        place = f"{first}/{name}" if first else name
        CASES[f"{place} cuts and lowers"] = (
            dense(first=first) | {place: {"max_seq_length": 4, "do_lower_case": True}},
            {"lower_case": True, "document_length": 4, "query_length": 4, "pooling": "mean", "hidden_size": WIDTH},
        )
    CASES[f"{name} beside the modules of another folder"] = (
        dense(first="0_Transformer") | {name: {"max_seq_length": 4, "do_lower_case": True}},
        {"lower_case": False, "document_length": 64},
    )
CASES |= {
    "the first settings that are not empty": (
        dense() | {NETWORK[0]: {}, NETWORK[1]: {"max_seq_length": 5}, NETWORK[2]: {"max_seq_length": 6}},
        {"document_length": 5, "lower_case": False},
    ),
    "processor_kwargs": (
        dense() | {NETWORK[0]: {"max_seq_length": 9, "processor_kwargs": {"model_max_length": 7}}},
        {"document_length": 7, "unusual": ()},
    ),
    "tokenizer_args before processor_kwargs": (
        dense()
        | {NETWORK[0]: {"tokenizer_args": {"model_max_length": 6}, "processor_kwargs": {"model_max_length": 7}}},
        {"document_length": 6},
    ),
    "more than the positions": (
        dense() | {"config.json": ROBERTA, NETWORK[0]: {"max_seq_length": 66}} | LIMIT,
        {"document_length": 64},
    ),
    "more than the positions of a network that computes them": (
        dense() | {"config.json": POSITIONS | {"rope_theta": 10000}, NETWORK[0]: {"max_seq_length": 66}},
        {"document_length": 66},
    ),
    "no settings": (dense() | LIMIT, {"document_length": 64, "lower_case": False}),
    "./1_Pooling": (
        dense(pooling={"pooling_mode": "cls"})
        | {"modules.json": json.loads(json.dumps(listed("Transformer", "Pooling")).replace("1_P", "./1_P"))},
        {"pooling": "cls"},
    ),
    "prompts": (
        dense(prompts={"query": "q: ", "passage": "p: "}),
        {"query_prefix": "q: ", "document_prefix": "p: "},
    ),
    "prompt named corpus": (dense(prompts={"query": "q: ", "corpus": "c: "}), {"document_prefix": "c: "}),
    "prompts that a library wrote": (dense(prompts={"query": "", "document": ""}), {"query_prefix": ""}),
    "no prompts": (dense(), {"query_prefix": None, "document_prefix": None}),
    "normalized": (dense("Normalize"), {"normalize": True}),
    "not normalized": (dense(), {"normalize": False}),
    "a layer after normalizing": (
        dense("Normalize", "Dense") | layer(3, 4),
        {"normalize": False, "unusual": ("the modules 'Transformer', 'Pooling', 'Normalize', 'Dense'",)},
    ),
    "a layer": (dense("Dense", "Normalize") | layer(2, 4), {"normalize": True}),
    "similarity": (dense(similarity_fn_name="dot"), {"similarity": "dot"}),
    "two poolings": (
        dense("Pooling") | {"2_Pooling/config.json": {"pooling_mode": "cls"}},
        {"pooling": None, "unusual": ("the modules 'Transformer', 'Pooling', 'Pooling'",)},
    ),
    "poolings joined": (dense(pooling={"pooling_mode": ["cls", "mean"]}), {"pooling": "cls+mean"}),
    "a pooling class of the repository": (
        {"config.json": POSITIONS, "modules.json": [*listed("Transformer"), {"path": "1", "type": "mine.Pooling"}]},
        {"encoder_type": None, "pooling": None, "unusual": ("the modules 'Transformer', 'mine.Pooling'",)},
    ),
    "keys that stand twice": (
        dense()
        | {"config.json": b'{"model_type": "bert", "hidden_size": 8, "a": NaN, "hidden_size": 8, "vocab_size": 16}'},
        {"hidden_size": WIDTH},
    ),
    "classifier of three labels": (
        {"config.json": BERT | {"architectures": ["BertForSequenceClassification"], "id2label": dict.fromkeys("abc")}},
        {"encoder_type": None},
    ),
    "reranker": (
        {"config.json": BERT | {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "a"}}},
        {"encoder_type": "reranker"},
    ),
    "classifier of texts": (
        {
            "config.json": BERT | {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "a"}},
            "README.md": b"---\npipeline_tag: text-classification\n---\n",
        },
        {"encoder_type": None},
    ),
    "masked model": ({"config.json": BERT | {"architectures": ["BertForMaskedLM"]}}, {"encoder_type": "sparse"}),
    "masked model that is dense": (
        {
            "config.json": BERT | {"architectures": ["BertForMaskedLM"]},
            "README.md": b"---\npipeline_tag: feature-extraction\n---\n",
        },
        {"encoder_type": None},
    ),
    "masked model that is sparse": (
        {"config.json": BERT | {"architectures": ["BertForMaskedLM"]}, "README.md": b"---\ntags: [splade]\n---\n"},
        {"encoder_type": "sparse"},
    ),
    "metadata of nothing": ({"config.json": BERT, "artifact.metadata": {}}, {"encoder_type": None}),
    "Stanford": (
        {
            "config.json": BERT | {"architectures": ["HF_ColBERT"]},
            "artifact.metadata": {
                "dim": 4,
                "query_token_id": "[Q]",
                "doc_token_id": "[D]",
                "query_maxlen": 8,
                "doc_maxlen": 9,
            },
        },
        {"encoder_type": "multi_vector", "query_prefix": "[Q]", "query_length": 8, "document_length": 9},
    ),
    "PyLate": (
        {
            "config.json": BERT,
            "modules.json": listed("Transformer", "Dense"),
            "1_Dense/config.json": {"in_features": WIDTH, "out_features": 4},
            "sentence_bert_config.json": {"max_seq_length": 7},
            "artifact.metadata": {"dim": 4, "query_maxlen": 5, "query_token_id": "[unused0]"},
            SETTINGS: {
                "query_prefix": "[Q] ",
                "document_prefix": "[D] ",
                "prompts": {"query": "q: "},
                "query_length": 8,
            },
        },
        # PyLate leaves the length of the texts that it last read in the settings of the network.
        {"encoder_type": "multi_vector", "query_prefix": "[Q] q: ", "query_length": 8, "document_length": 180},
    ),
    "MultiVectorMask, queries of a fixed length": (
        {
            "config.json": BERT,
            "modules.json": listed("Transformer", "MultiVectorMask", "Normalize"),
            "sentence_roberta_config.json": {
                "query_length": 40,
                "document_length": 30,
                "query_expansion": {"strategy": "fixed", "length": 8},
            },
            SETTINGS: {"prompts": {"query": "q: ", "document": "d: "}},
        },
        {"encoder_type": "multi_vector", "query_length": 8, "document_length": 30, "normalize": True},
    ),
    "MultiVectorMask, queries of a least length": (
        {
            "config.json": BERT,
            "modules.json": listed("Transformer", "MultiVectorMask"),
            "sentence_bert_config.json": {"query_length": 40, "query_expansion": {"strategy": "min", "length": 8}},
        },
        {"query_length": 40, "document_length": None, "normalize": False},
    ),
    "ColPali": (
        {
            "config.json": {
                "model_type": "colpali",
                "architectures": ["ColPaliForRetrieval"],
                "embedding_dim": 128,
                "vlm_config": {"text_config": {"model_type": "gemma", "hidden_size": 2048, "vocab_size": 9}},
            }
        },
        {"encoder_type": "multi_vector", "hidden_size": 2048, "vocab_size": 9},
    ),
    "static": (
        {
            "config.json": {
                "model_type": "model2vec",
                "architectures": ["StaticModel"],
                "normalize": False,
                "max_length": 5,
            }
        },
        {"encoder_type": "static", "normalize": False, "document_length": 5},
    ),
    "static of an older model2vec": (
        {"config.json": {"embedding_dtype": "int8", "normalize": True}},
        {"encoder_type": "static", "normalize": True},
    ),
}
POOLINGS = {
    "cls": ("cls", "cls_token"),
    "mean": ("mean", "mean_tokens"),
    "max": ("max", "max_tokens"),
    "mean_sqrt_len": ("mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
    "weighted_mean": ("weightedmean", "weightedmean_tokens"),
    "last_token": ("lasttoken", "lasttoken"),
}
for ours, (new, old) in POOLINGS.items():
    CASES[f"pooling {new}"] = (dense(pooling={"pooling_mode": new}), {"pooling": ours})
    CASES[f"pooling [{new}]"] = (dense(pooling={"pooling_mode": [new]}), {"pooling": ours})
    CASES[f"pooling_mode_{old}"] = (
        dense(pooling={f"pooling_mode_{name}": name == old for _, name in POOLINGS.values()}),
        {"pooling": ours},
    )
CASES["pooling that nobody chose"] = (dense(pooling={}), {"pooling": "mean"})
CASES["pooling with no mode on"] = (dense(pooling={"pooling_mode_mean_tokens": False}), {"pooling": "mean"})


def written(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return folder


@pytest.mark.parametrize("case", CASES)
def test_verify_and_engines_say_the_same_of_a_folder(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    folder = written(tmp_path / "model", files)
    snapshot = read_folder(folder)
    evidence = extract_facts(snapshot.names, snapshot.files, snapshot.sizes)
    layout = read_layout(folder)
    assert {name: getattr(layout, name) for name in expected} == expected
    facts = {path: fact.value for path, fact in evidence.facts.items()}
    assert evidence.problems == []
    assert layout.encoder_type == evidence.encoder_type
    assert facts.get("type") == (layout.encoder_type and MODEL_TYPES[layout.encoder_type])
    assert (facts.get("specs.hidden_dim"), facts.get("specs.vocab_size")) == (layout.hidden_size, layout.vocab_size)
    assert facts.get("encoding.normalize") == layout.normalize
    # What is no word of models.json is no fact, and an engine refuses it.
    assert facts.get("encoding.pooling") in (layout.pooling, None if "+" in (layout.pooling or "") else "")
    assert facts.get("encoding.similarity") == layout.similarity
    for side in ("query", "document"):
        # An empty prompt is no evidence: a library writes it where nobody chose.
        assert (facts.get(f"encoding.{side}_prefix") or "") == (getattr(layout, f"{side}_prefix") or "")
        # The engines also know the defaults of the libraries, which are no facts about the model.
        length, own = getattr(layout, f"{side}_length"), facts.get(f"encoding.{side}_length")
        assert own in (length, None)
        assert own or length == facts.get("specs.context_length", length)
    if layout.encoder_type != "multi_vector":
        layers = [(one["in_features"], one["out_features"]) for one in facts.get("encoding.dense_layers", ())]
        assert layers == [(one.in_features, one.out_features) for one in layout.dense]


PLACES = [(f"{first}/{name}" if first else name, first) for name in NETWORK for first in ("", "0_Transformer")]


@pytest.mark.parametrize(("place", "first"), PLACES)
@pytest.mark.parametrize("engine", ["onnx", "fastembed"])
def test_engines_without_pytorch_cut_and_lower_as_every_settings_file_says(
    engine: str, place: str, first: str, tmp_path: Path
) -> None:
    pytest.importorskip(engine if engine == "fastembed" else "onnxruntime", exc_type=ImportError)
    # fastembed needs a configuration of the tokenizer.
    tokenizer = {"tokenizer_config.json": WHOLE | {"model_max_length": 64, "pad_token": "[PAD]"}}
    folder = written(write_tiny(tmp_path / "model"), dense(first=first) | tokenizer)
    config = config_of(tmp_path, encoding={"normalize": False})
    plain = config.load(engine, local=folder)
    written(folder, {place: {"max_seq_length": 4, "do_lower_case": True}})
    encoder = config.load(engine, local=folder)
    expected = plain.encode_documents(["a b", "a b"])
    assert np.allclose(encoder.encode_documents(["A B", "A b c d e f"]), expected, atol=1e-6)
    assert not np.allclose(plain.encode_documents(["A B", "A b c d e f"]), expected, atol=1e-3)


@pytest.mark.parametrize(("prompt", "marker"), [("[Q] ", "[Q] "), ("[Q] a ", "[Q] ")])
def test_prompt_after_a_marker_is_text(prompt: str, marker: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    settings = {
        "model_type": "ColBERT",
        "query_prefix": marker,
        "document_prefix": "[D] ",
        "do_query_expansion": False,
        "prompts": {"query": prompt.removeprefix(marker)},
    }
    folder = write_tiny(tmp_path / "model", config_sentence_transformers=settings, modules=listed("Transformer"))
    config = config_of(
        tmp_path,
        type="colbert",
        capabilities={"multi_vector": True},
        encoding={"query_prefix": prompt, "document_prefix": "[D] ", "pooling": "none", "similarity": "max_sim"},
    )
    (tokens,) = config.load("onnx", local=folder).encode_queries(["b"])
    # [CLS], the marker, the words of the prompt, the text, [SEP]
    assert len(tokens) == 4 + len(prompt.split()) - 1


def torch_folder(folder: Path, files: dict[str, Any], first: str) -> Path:
    """The tiny tokenizer with a BERT of random weights in the folder of the network."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    write_tiny(folder)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        max_position_embeddings=64,
    )
    place = folder / first
    transformers.BertModel(config).save_pretrained(place)
    own = (place / "config.json").read_bytes()
    (place / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    names = {
        "pad_token": "[PAD]",
        "unk_token": "[PAD]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    written(folder, files)
    (place / "config.json").write_bytes(own)
    (place / "tokenizer_config.json").write_text(json.dumps(names | {"tokenizer_class": "PreTrainedTokenizerFast"}))
    return folder


DENSE = [case for case, (files, _) in CASES.items() if "any folder" not in case and "1_Pooling/config.json" in files]
LIBRARY = [
    case
    for case in DENSE
    if "positions" not in case and "twice" not in case and "ayer" not in case and "two poolings" not in case
]


@pytest.mark.parametrize("case", LIBRARY)
def test_sentence_transformers_takes_the_same(case: str, tmp_path: Path) -> None:
    library = pytest.importorskip("sentence_transformers")
    files = CASES[case][0]
    first = "0_Transformer" if "0_Transformer/config.json" in files else ""
    folder = torch_folder(tmp_path / "model", files, first)
    layout = read_layout(folder)
    model = library.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    if layout.document_length is not None:
        assert model.max_seq_length == layout.document_length
    ids = [model.tokenize([text])["input_ids"].tolist() for text in ("A b", "a b")]
    assert (ids[0] == ids[1]) == layout.lower_case
    modes = model[1].pooling_mode
    words = {new: ours for ours, (new, _) in POOLINGS.items()}
    assert "+".join(words[mode] for mode in ([modes] if isinstance(modes, str) else modes)) == layout.pooling
    assert ("Normalize" in type(model[-1]).__name__) == layout.normalize
    prompts = model.prompts
    found = next((prompts[name] for name in ("document", "passage", "corpus") if prompts.get(name)), "")
    assert (prompts["query"], found) == (layout.query_prefix or "", layout.document_prefix or "")


@pytest.mark.parametrize(("place", "first"), PLACES)
def test_engine_on_pytorch_cuts_and_lowers_as_every_settings_file_says(place: str, first: str, tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    folder = torch_folder(tmp_path / "model", dense(first=first), first)
    config = config_of(tmp_path, encoding={"normalize": False})
    plain = config.load("sentence-transformers", local=folder)
    written(folder, {place: {"max_seq_length": 4, "do_lower_case": True}})
    encoder = config.load("sentence-transformers", local=folder)
    expected = plain.encode_documents(["a b", "a b"])
    assert np.allclose(encoder.encode_documents(["A B", "A b c d e f"]), expected, atol=1e-5)
    assert not np.allclose(plain.encode_documents(["A B", "A b c d e f"]), expected, atol=1e-3)


def test_engine_on_pytorch_lowers_where_the_folder_has_a_network_alone(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    folder = torch_folder(tmp_path / "model", {"sentence_bert_config.json": {"do_lower_case": True}}, "")
    encoder = config_of(tmp_path).load("sentence-transformers", local=folder)
    vectors = encoder.encode_documents(["A B", "a b"])
    assert np.allclose(vectors[0], vectors[1], atol=1e-6)


BERT_CLASS = {"tokenizer_class": "BertTokenizer"}
ROBERTA_CLASS = {"tokenizer_class": "RobertaTokenizer"}
# Where lengths stand: the kind of network, tokenizer_config.json, other files, and where sentence-transformers cuts.
LENGTHS: list[tuple[str, dict[str, Any], dict[str, Any], int]] = [
    ("Bert", {"model_max_length": 40}, {}, 40),
    ("Bert", {"model_max_length": 400}, {}, 66),
    ("Bert", {"max_len": 30}, {}, 30),
    ("Bert", {"max_len": 30, "model_max_length": 50}, {}, 50),
    ("Bert", {"max_len": 30, "model_max_length": None}, {}, 66),
    ("Bert", {"model_max_length": 10**30}, {}, 66),
    ("Bert", {}, {}, 66),
    ("Bert", {"max_length": 9}, {}, 66),
    ("Bert", {"model_max_length": 40}, {"sentence_bert_config.json": {"max_seq_length": 20}}, 20),
    ("Bert", {"model_max_length": 40}, {"sentence_bert_config.json": {"max_seq_length": 60}}, 60),
    ("Bert", {"model_max_length": 40}, {"sentence_bert_config.json": {"max_seq_length": None}}, 40),
    (
        "Bert",
        {},
        {"sentence_bert_config.json": {"max_seq_length": 20, "processor_kwargs": {"model_max_length": 12}}},
        12,
    ),
    ("Bert", {}, {"sentence_bert_config.json": {"max_seq_length": 20, "tokenizer_args": {"model_max_length": 13}}}, 13),
    ("Roberta", ROBERTA_CLASS | {"model_max_length": 64}, {}, 64),
    # sentence-transformers would let 66 tokens through, at which the network fails.
    ("Roberta", ROBERTA_CLASS, {}, 64),
]


@pytest.mark.parametrize(("network", "settings", "files", "length"), LENGTHS)
def test_texts_are_cut_where_the_library_cuts_them(
    network: str, settings: dict[str, Any], files: dict[str, Any], length: int, tmp_path: Path
) -> None:
    library = pytest.importorskip("sentence_transformers")
    kind, own = ("bytes", {}) if network == "Roberta" else ("word pieces", BERT_CLASS)
    layout = Layout(network, kind, own | {"pad_token": "<pad>" if own == {} else "[PAD]"} | settings, files=files)
    # A length in tokenizer.json counts for nothing.
    layout.tokens = {"truncation": {"max_length": 7, "stride": 0, "strategy": "LongestFirst", "direction": "Right"}}
    folder = write_layout(tmp_path / "model", layout)
    if "model_max_length" in settings and settings["model_max_length"] is None:
        held = json.loads((folder / "tokenizer_config.json").read_bytes())
        (folder / "tokenizer_config.json").write_text(json.dumps(held | {"model_max_length": None}))
    model = library.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    assert read_layout(folder).document_length == length
    assert model.max_seq_length == (66 if settings == ROBERTA_CLASS else length)
