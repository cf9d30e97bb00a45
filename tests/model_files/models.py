"""Files of models: what they hold is copied from the places that are named, and cut to the keys that matter here."""

import json
from pathlib import Path
from typing import Any

from hypiler.model_files.extract import Evidence, extract_facts, header_length, next_files

BITS = {"F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "I64": 64, "I32": 32, "I8": 8, "BOOL": 8}
TRANSFORMER = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}


def content(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def evidence(files: dict[str, Any], sizes: dict[str, int] | None = None) -> Evidence:
    """What files say whose contents are bytes or what their JSON holds; those of None exist and are not read."""
    return extract_facts(
        files.keys(), {name: content(value) for name, value in files.items() if value is not None}, sizes
    )


def values(found: Evidence) -> dict[str, Any]:
    return {path: fact.value for path, fact in found.facts.items()}


def place(found: Evidence, path: str) -> tuple[Any, str, str]:
    """A fact without its note."""
    fact = found.facts[path]
    return fact.value, fact.file, fact.key


def weights(**tensors: tuple[str, list[int]]) -> bytes:
    """The first bytes of a safetensors file with tensors of these types and shapes; `__` stands for a dot."""
    entries, end = {}, 0
    for name, (dtype, shape) in tensors.items():
        start, count = end, 1
        for width in shape:
            count *= width
        end += count * BITS[dtype] // 8
        entries[name.replace("__", ".")] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    return safetensors(entries)


def safetensors(header: Any) -> bytes:
    """A header as bytes or as what its JSON holds, with its length before it."""
    data = content(header)
    return len(data).to_bytes(8, "little") + data


def read(folder: Path) -> tuple[dict[str, bytes], dict[str, int], list[list[str]]]:
    """Reads a folder as a client of the hub would: contents, sizes, and what was asked for each time."""
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    files: dict[str, bytes] = {}
    asked = []
    while names := next_files(sizes.keys(), files):
        asked.append(names)
        for name in names:
            with (folder / name).open("rb") as file:
                first = file.read(8)
                rest = file.read(header_length(first, sizes[name]) if name.endswith(".safetensors") else -1)
            files[name] = first + rest
    return files, sizes, asked


# github.com/vminh16/VI-Legal-RAG, models/bge-m3, saved by sentence-transformers 5.5.1.
BGE_M3: dict[str, Any] = {
    "config.json": {
        "architectures": ["XLMRobertaModel"],
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "max_position_embeddings": 8194,
        "model_type": "xlm-roberta",
        "pad_token_id": 1,
        "vocab_size": 250002,
    },
    "config_sentence_transformers.json": {
        "default_prompt_name": None,
        "model_type": "SentenceTransformer",
        "prompts": {"document": "", "query": ""},
        "similarity_fn_name": "cosine",
    },
    "1_Pooling/config.json": {"embedding_dimension": 1024, "pooling_mode": "cls", "include_prompt": True},
    "tokenizer_config.json": {"model_max_length": 8192, "tokenizer_class": "XLMRobertaTokenizer"},
    # The modules are those of huggingface.co/BAAI/bge-m3: Transformer, Pooling, Normalize.
    "modules.json": [
        TRANSFORMER,
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ],
}

# github.com/vminh16/VI-Legal-RAG, models/bge-reranker-base.
BGE_RERANKER: dict[str, Any] = {
    "config.json": {
        "architectures": ["XLMRobertaForSequenceClassification"],
        "hidden_size": 768,
        "id2label": {"0": "LABEL_0"},
        "intermediate_size": 3072,
        "max_position_embeddings": 514,
        "model_type": "xlm-roberta",
        "vocab_size": 250002,
    },
}

# github.com/jblorenzo/stella_en_1.5B_v5.
STELLA: dict[str, Any] = {
    "config.json": {
        "architectures": ["Qwen2ForCausalLM"],
        "auto_map": {
            "AutoModel": "modeling_qwen.Qwen2Model",
            "AutoModelForCausalLM": "modeling_qwen.Qwen2ForCausalLM",
            "AutoModelForSequenceClassification": "modeling_qwen.Qwen2ForSequenceClassification",
        },
        "hidden_size": 1536,
        "intermediate_size": 8960,
        "max_position_embeddings": 131072,
        "model_type": "qwen2",
        "num_attention_heads": 12,
        "num_hidden_layers": 28,
        "num_key_value_heads": 2,
        "vocab_size": 151646,
    },
    "modules.json": [
        TRANSFORMER,
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"},
    ],
    "1_Pooling/config.json": {
        "word_embedding_dimension": 1536,
        "pooling_mode_cls_token": False,
        "pooling_mode_mean_tokens": True,
        "pooling_mode_max_tokens": False,
        "pooling_mode_mean_sqrt_len_tokens": False,
        "pooling_mode_weightedmean_tokens": False,
        "pooling_mode_lasttoken": False,
        "include_prompt": True,
    },
    "2_Dense/config.json": {
        "in_features": 1536,
        "out_features": 8192,
        "bias": True,
        "activation_function": "torch.nn.modules.linear.Identity",
    },
}

# github.com/xiaobang1010/Jasper-Token-Compression-600M-20251114.
JASPER: dict[str, Any] = {
    "config.json": {
        "architectures": ["JasperV2Encoder"],
        "auto_map": {"AutoModel": "modeling_qwen3_jasper.JasperV2Encoder"},
        "hidden_size": 1024,
        "intermediate_size": 3072,
        "max_position_embeddings": 32768,
        "model_type": "qwen3",
        "vocab_size": 151669,
    },
    "modules.json": [
        {
            "idx": 0,
            "name": "0",
            "path": "",
            "type": "custom_st.JasperTransformer",
            "kwargs": ["compression_ratio"],
        },
        {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"},
    ],
    "config_sentence_transformers.json": {
        "prompts": {
            "query": "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ",
            "document": "",
        },
        "default_prompt_name": None,
        "similarity_fn_name": "cosine",
    },
    "sentence_bert_config.json": {"max_seq_length": 32768, "do_lower_case": False},
    "custom_st.py": None,
    "modeling_qwen3_jasper.py": None,
}

# config.json of distilbert/distilbert-base-uncased, as a public test in Rust repeats it.
DISTILBERT: dict[str, Any] = {
    "config.json": {
        "architectures": ["DistilBertForMaskedLM"],
        "dim": 768,
        "hidden_dim": 3072,
        "max_position_embeddings": 512,
        "model_type": "distilbert",
        "n_heads": 12,
        "n_layers": 6,
        "vocab_size": 30522,
    },
}

# config.json of nomic-ai/nomic-embed-text-v1.5, as a public test in Swift repeats it.
NOMIC: dict[str, Any] = {
    "config.json": {
        "architectures": ["NomicBertModel"],
        "max_position_embeddings": 2048,
        "model_type": "nomic_bert",
        "n_embd": 768,
        "n_head": 12,
        "n_inner": 3072,
        "n_positions": 8192,
        "vocab_size": 30528,
    },
}

# config.json of Alibaba-NLP/gte-multilingual-base: a public test in Rust, and a guide that repeats its auto_map.
GTE: dict[str, Any] = {
    "config.json": {
        "auto_map": {
            "AutoConfig": "Alibaba-NLP/new-impl--configuration.NewConfig",
            "AutoModel": "Alibaba-NLP/new-impl--modeling.NewModel",
            "AutoModelForMaskedLM": "Alibaba-NLP/new-impl--modeling.NewForMaskedLM",
        },
        "hidden_size": 768,
        "intermediate_size": 3072,
        "max_position_embeddings": 8192,
        "model_type": "new",
        "vocab_size": 250048,
    },
}

# config.json of ModernBERT-base, as a public test in Rust repeats it.
MODERNBERT: dict[str, Any] = {
    "config.json": {
        "hidden_size": 768,
        "intermediate_size": 1152,
        "local_attention": 128,
        "max_position_embeddings": 8192,
        "model_type": "modernbert",
        "vocab_size": 50368,
    },
}

# config.json of google/mt5-small, as a tutorial repeats it.
MT5: dict[str, Any] = {
    "config.json": {
        "architectures": ["MT5ForConditionalGeneration"],
        "d_ff": 1024,
        "d_kv": 64,
        "d_model": 512,
        "model_type": "mt5",
        "vocab_size": 250112,
    },
}

# config.json of amazon/chronos-bolt-small, by the shipped registry.
CHRONOS: dict[str, Any] = {
    "config.json": {"d_ff": 2048, "d_model": 512, "model_type": "t5", "n_positions": 512, "vocab_size": 2},
}

# config.json of vidore/colpali-v1.2-merged, as transformers' script of conversion and the shipped registry repeat it.
COLPALI_MERGED: dict[str, Any] = {
    "config.json": {
        "_vocab_size": 257152,
        "architectures": ["ColPali"],
        "hidden_size": 2048,
        "model_type": "paligemma",
        "projection_dim": 2048,
        "text_config": {"hidden_size": 2048, "model_type": "gemma", "num_image_tokens": 1024, "vocab_size": 257216},
        "vision_config": {"hidden_size": 1152, "model_type": "siglip_vision_model"},
    },
    "model.safetensors": weights(
        language_model__lm_head__weight=("BF16", [257216, 2048]), custom_text_proj__weight=("BF16", [128, 2048])
    ),
}

# The same model for transformers, by the same script.
COLPALI: dict[str, Any] = {
    "config.json": {
        "architectures": ["ColPaliForRetrieval"],
        "embedding_dim": 128,
        "model_type": "colpali",
        "vlm_config": COLPALI_MERGED["config.json"],
    },
}

# config.json of C10X/Qwen3-Embedding-TurboX.v2, from notes about it.
MODEL2VEC: dict[str, Any] = {
    "config.json": {
        "apply_pca": 2048,
        "architectures": ["StaticModel"],
        "hidden_dim": 1024,
        "model_type": "model2vec",
        "normalize": True,
        "seq_length": 1000000,
        "tokenizer_name": "Qwen/Qwen3-Embedding-0.6B",
    },
}

# artifact.metadata of github.com/elibrowne/focused-legal-rag, beside a BERT of colbert-ir/colbertv2.0's numbers.
STANFORD: dict[str, Any] = {
    "config.json": {
        "architectures": ["HF_ColBERT"],
        "hidden_size": 768,
        "max_position_embeddings": 512,
        "model_type": "bert",
        "vocab_size": 30522,
    },
    "artifact.metadata": {
        "query_token_id": "[unused0]",
        "doc_token_id": "[unused1]",
        "query_token": "[Q]",
        "doc_token": "[D]",
        "similarity": "cosine",
        "query_maxlen": 32,
        "attend_to_mask_tokens": False,
        "interaction": "colbert",
        "dim": 128,
        "doc_maxlen": 256,
        "mask_punctuation": True,
    },
    "model.safetensors": weights(
        bert__embeddings__word_embeddings__weight=("F32", [30522, 768]), linear__weight=("F32", [128, 768])
    ),
}

# As PyLate 1.6.0 saved all-MiniLM-L6-v2 after it had read a document.
PYLATE: dict[str, Any] = {
    "config.json": {
        "architectures": ["BertModel"],
        "hidden_size": 384,
        "max_position_embeddings": 512,
        "model_type": "bert",
        "vocab_size": 30524,
    },
    "modules.json": [TRANSFORMER, {"idx": 1, "name": "1", "path": "1_Dense", "type": "pylate.models.Dense.Dense"}],
    "1_Dense/config.json": {
        "in_features": 384,
        "out_features": 128,
        "bias": False,
        "activation_function": "torch.nn.modules.linear.Identity",
        "use_residual": False,
    },
    "config_sentence_transformers.json": {
        "prompts": {"query": "", "document": ""},
        "default_prompt_name": None,
        "similarity_fn_name": "MaxSim",
        "query_prefix": "[Q] ",
        "document_prefix": "[D] ",
        "query_length": 32,
        "document_length": 180,
        "attend_to_expansion_tokens": False,
        "do_query_expansion": True,
    },
    "sentence_bert_config.json": {"max_seq_length": 179, "do_lower_case": False},
    "tokenizer_config.json": {"model_max_length": 256},
}

# As sentence-transformers 6.2.0 saves a SPLADE.
SPLADE: dict[str, Any] = {
    "config.json": {
        "architectures": ["BertForMaskedLM"],
        "hidden_size": 128,
        "max_position_embeddings": 512,
        "model_type": "bert",
        "vocab_size": 30522,
    },
    "modules.json": [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"},
        {
            "idx": 1,
            "name": "1",
            "path": "1_SpladePooling",
            "type": "sentence_transformers.sparse_encoder.modules.splade_pooling.SpladePooling",
        },
    ],
    "config_sentence_transformers.json": {
        "model_type": "SparseEncoder",
        "prompts": {"document": "", "query": ""},
        "default_prompt_name": None,
        "similarity_fn_name": None,
    },
    "sentence_bert_config.json": {
        "transformer_task": "fill-mask",
        "modality_config": {"text": {"method": "forward", "method_output_name": "logits"}},
        "module_output_name": "token_embeddings",
    },
    "1_SpladePooling/config.json": {
        "pooling_strategy": "max",
        "activation_function": "relu",
        "embedding_dimension": None,
    },
}

ALL = {
    name: files
    for name, files in globals().items()
    if name.isupper() and isinstance(files, dict) and "config.json" in files
}
