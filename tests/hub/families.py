"""Repositories of every family of models whose files are read, and what `draft` makes of them.

Configurations are those of `model_files.models`; weights are headers alone, before as many zeros as these announce.
"""

import json
import re
import string
from pathlib import Path
from typing import Any

import model_files.models as models
from model_files.models import TRANSFORMER, content, weights

from hypiler.hub.snapshot import Snapshot
from hypiler.model_files.extract import Evidence, FileFact, extract_facts
from hypiler.verification.draft import draft
from hypiler.verification.verdict import FACTS

ST = "sentence_transformers.models"
SETTINGS = "config_sentence_transformers.json"


def listed(*types: str) -> list[dict[str, Any]]:
    """A modules.json with a network and modules of these types after it, in folders such as `1_Pooling`."""
    after = [
        {"idx": number, "name": str(number), "path": f"{number}_{type.rpartition('.')[2]}", "type": type}
        for number, type in enumerate(types, 1)
    ]
    return [TRANSFORMER, *after]


def pooled(config: dict[str, Any], width: int, mode: str, *after: str, **settings: Any) -> dict[str, Any]:
    """A dense model by sentence-transformers around the network of a family."""
    return config | {
        "modules.json": listed(f"{ST}.Pooling", *after),
        "1_Pooling/config.json": {"word_embedding_dimension": width, f"pooling_mode_{mode}": True},
        SETTINGS: settings,
    }


def table(vocabulary: int, width: int, name: str = "embedding__weight", dtype: str = "F32") -> dict[str, Any]:
    return {"model.safetensors": weights(**{name: (dtype, [vocabulary, width])})}


# The front matter that the card of sentence-transformers/all-MiniLM-L6-v2 has, as copies on GitHub repeat it, without
# its lists of tags and of data sets.
MINILM_CARD = """---
language: en
license: apache-2.0
library_name: sentence-transformers
pipeline_tag: sentence-similarity
---

# all-MiniLM-L6-v2
"""
# The small files of the real folder, cut to the keys that matter.
MINILM: dict[str, Any] = {
    "config.json": {
        "_name_or_path": "nreimers/MiniLM-L6-H384-uncased",
        "architectures": ["BertModel"],
        "hidden_size": 384,
        "intermediate_size": 1536,
        "max_position_embeddings": 512,
        "model_type": "bert",
        "num_attention_heads": 12,
        "num_hidden_layers": 6,
        "vocab_size": 30522,
    },
    "modules.json": listed(f"{ST}.Pooling", f"{ST}.Normalize"),
    "1_Pooling/config.json": {"word_embedding_dimension": 384, "pooling_mode_mean_tokens": True},
    SETTINGS: {"__version__": {"sentence_transformers": "2.0.0"}},
    "sentence_bert_config.json": {"max_seq_length": 256, "do_lower_case": False},
    "tokenizer_config.json": {"model_max_length": 512},
    "tokenizer.json": {},
    "model.safetensors": weights(embeddings__position_ids=("I64", [1, 512]), all__weights=("F32", [59149, 384])),
    "README.md": MINILM_CARD.encode(),
}
# What stands here beside the configurations of `models` is invented.
FAMILIES: dict[str, dict[str, Any]] = {
    "BERT": MINILM,
    "XLM-R": models.BGE_M3
    | {
        "model.safetensors": weights(a=("F16", [250002, 1024]), b=("F16", [512, 1024])),
        "onnx/model.onnx": b"",
        "onnx/model_int8.onnx": b"",
        "pytorch_model.bin": b"",
        "tokenizer.json": {},
        "README.md": b"---\nlicense: mit\nlanguage: [en, zh, de]\nbase_model: org/base\n---\n",
    },
    "XLM-R with further heads": models.BGE_M3 | {"colbert_linear.pt": b"", "sparse_linear.pt": b""},
    "XLM-R with adapters": models.BGE_M3
    | {
        "config.json": models.BGE_M3["config.json"]
        | {"lora_adaptations": ["retrieval.query", "retrieval.passage", "separation", "classification"]},
    },
    "ModernBERT": pooled(models.MODERNBERT, 768, "mean_tokens", f"{ST}.Normalize", similarity_fn_name="cosine")
    | table(50368, 768)
    | {"README.md": b"---\nlicense: apache-2.0\nlanguage: [en]\nbase_model: org/base\n---\n"},
    "DistilBERT": models.DISTILBERT | table(30522, 768),
    "Nomic": pooled(
        {"config.json": models.NOMIC["config.json"] | {"matryoshka_dimensions": [512, 256]}},
        768,
        "mean_tokens",
        prompts={"query": "query: ", "document": "document: ", "clustering": "clustering: "},
    )
    | table(30528, 768),
    "GTE": pooled(models.GTE, 768, "cls_token", f"{ST}.Normalize", similarity_fn_name="dot")
    | {"model.safetensors": weights(a=("F16", [250048, 768]))},
    "Qwen in shards": models.STELLA
    | {
        "model.safetensors.index.json": {
            "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
        },
        "model-00001-of-00002.safetensors": weights(a=("BF16", [151646, 1536])),
        "model-00002-of-00002.safetensors": weights(b=("BF16", [151646, 1536])),
        "2_Dense/model.safetensors": weights(linear__weight=("F32", [8192, 1536])),
    },
    "Qwen with code of its own": models.JASPER | {"custom_st.py": b"", "modeling_qwen3_jasper.py": b""},
    "Gemma": pooled(
        {
            "config.json": {
                "text_config": {"hidden_size": 64, "max_position_embeddings": 96, "vocab_size": 1000},
                "model_type": "gemma3_text",
            }
        },
        64,
        "mean_tokens",
        f"{ST}.Dense",
        f"{ST}.Dense",
        f"{ST}.Normalize",
        prompts={"query": "query: ", "document": "text: "},
        similarity_fn_name="cosine",
    )
    | {
        "2_Dense/config.json": {"in_features": 64, "out_features": 256, "activation_function": "torch.nn.Identity"},
        "3_Dense/config.json": {"in_features": 256, "out_features": 64},
        "model.safetensors": weights(a=("F32", [1000, 64])),
        "2_Dense/model.safetensors": weights(linear__weight=("F32", [256, 64])),
        "3_Dense/model.safetensors": weights(linear__weight=("F32", [64, 256])),
        "README.md": b"---\nlicense: gemma\n---\n",
    },
    "T5": models.MT5,
    "T5 for time series": models.CHRONOS,
    "model2vec": models.MODEL2VEC
    | table(151669, 1024, "embeddings")
    | {"README.md": b"---\nlibrary_name: model2vec\nlicense: mit\nlanguage: multilingual\n---\n"},
    "StaticEmbedding": table(30522, 8)
    | {SETTINGS: {"model_type": "SentenceTransformer"}}
    | {"modules.json": [{"idx": 0, "name": "0", "path": ".", "type": f"{ST}.StaticEmbedding"}]},
    "SPLADE": models.SPLADE | table(30522, 128),
    "PyLate": models.PYLATE
    | table(30524, 384)
    | {
        SETTINGS: models.PYLATE[SETTINGS] | {"skiplist_words": [*string.punctuation, "the"]},
        "tokenizer_config.json": {"tokenizer_class": "BertTokenizer", "mask_token": "[MASK]"},
        "1_Dense/model.safetensors": weights(a=("F32", [128, 384])),
    },
    "Stanford ColBERT": models.STANFORD | {"README.md": b"---\nlicense: mit\nlanguage:\n- en\n---\n"},
    "MultiVectorEncoder": MINILM
    | {
        "modules.json": listed("sentence_transformers.multi_vector_encoder.modules.MultiVectorMask", f"{ST}.Normalize"),
        SETTINGS: {"model_type": "MultiVectorEncoder", "similarity_fn_name": "MaxSim"},
        "sentence_bert_config.json": {
            "max_seq_length": 300,
            "query_length": 40,
            "document_length": 300,
            "query_expansion": {"strategy": "min", "length": 32, "attend": True, "token": "[PAD]"},
        },
        "1_MultiVectorMask/config.json": {"skiplist_words": ["the", "a"], "skiplist_tasks": ["document"]},
    },
    "reranker": models.BGE_RERANKER | table(250002, 768),
    "ColPali": models.COLPALI_MERGED,
    "ColPali for transformers": models.COLPALI,
    "adapter": {
        "adapter_config.json": {"base_model_name_or_path": "vidore/colpaligemma-3b-pt-448-base", "peft_type": "LORA"},
        "adapter_model.safetensors": weights(a=("F32", [8, 128])),
        "README.md": b"---\nlicense: mit\nlanguage: en\nbase_model: google/paligemma-3b-pt-448\n---\n",
    },
}


def put(files: dict[str, Any], folder: Path) -> Path:
    """A folder with these files, whose weights take no place on the disk."""
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content(value)
        path.write_bytes(data)
        if name.endswith(".safetensors"):
            header = json.loads(data[8:])
            end = max(tensor["data_offsets"][1] for tensor in header.values())
            with path.open("r+b") as file:
                file.truncate(len(data) + end)
    return folder


def evidence_of(files: dict[str, Any]) -> Evidence:
    return extract_facts(files.keys(), {name: content(value) for name, value in files.items()})


# What somebody has looked up where the files do not say it.
_PUBLISHED: dict[str, Any] = {
    "type": "dense",
    "organization": "Organization",
    "release_date": "2024-09",
    "architecture.type": "bert",
    "architecture.variant": "base",
    "architecture.has_projection": False,
    "specs.parameters": "9B",
    "specs.embedding_dim": 768,
    "specs.hidden_dim": 768,
    "specs.context_length": 128,
    "specs.max_position_embeddings": None,
    "specs.vocab_size": None,
    "capabilities.languages": ["en"],
    "capabilities.modalities": ["text"],
    "capabilities.multi_vector": False,
    "capabilities.quantization": ["fp32"],
    "performance.beir_avg": None,
    "performance.ms_marco_mrr10": None,
    "license": "MIT",
    "description": "A model.",
}


def entry_of(snapshot: Snapshot) -> tuple[dict[str, Any], Evidence]:
    """The draft of a model, completed with publications, and the evidence for it."""
    entry, evidence = draft(snapshot, id="model")
    missing = {path: value for path, value in _PUBLISHED.items() if at(entry, path) is ...}
    # The draft has no width of a projection where only a pickle knows it.
    if at(entry, "architecture.has_projection") is True and at(entry, "architecture.projection_dims") is ...:
        missing["architecture.projection_dims"] = at(entry, "specs.embedding_dim")
    for path, value in missing.items():
        *sections, key = path.split(".")
        inner = entry
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[key] = value
    return entry, evidence


def at(entry: dict[str, Any], path: str) -> Any:
    """The value at a path such as `specs.hidden_dim`; `...` if there is none."""
    found: Any = entry
    for key in path.split("."):
        found = found.get(key, ...) if isinstance(found, dict) else ...
    return found


PAGE = Path(__file__).parents[2] / "docs/verifying.md"
TABLE = re.compile(r"(?<=<!-- facts -->\n).*?(?=<!-- /facts -->)", re.DOTALL)


def facts_by_family() -> str:
    """The table of docs/verifying.md: where each fact is read, and the families whose files say it."""
    found = {name: _proved(evidence_of(files).facts) for name, files in FAMILIES.items()}
    lines = ["| fact | read in | families |", "|---|---|---|"]
    for field in FACTS:
        said = {name: facts[field.name] for name, facts in found.items() if field.name in facts}
        if said:
            places = dict.fromkeys(f"`{fact.file}`" + f" `{fact.key}`" * (fact.key != "") for fact in said.values())
            families = _some([*said], [*found])
            lines.append(f"| `{field.name}` | {', '.join(places)} | {families} |")
    return "\n".join(lines) + "\n"


def _proved(facts: dict[str, FileFact]) -> dict[str, FileFact]:
    return {path: fact for path, fact in facts.items() if not fact.hint}


def _some(names: list[str], of: list[str]) -> str:
    missing = [name for name in of if name not in names]
    if not missing:
        return "all"
    return "all but " + ", ".join(missing) if len(missing) < len(names) else ", ".join(names)
