"""Which files of a repository decide vectors: weights, tokenizer, settings and code. Nothing is opened here."""

import re
from functools import lru_cache

WEIGHTS = (
    *(".safetensors", ".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".gguf", ".ggml", ".onnx", ".ort"),
    *(".npy", ".npz", ".h5", ".hdf5", ".keras", ".msgpack", ".tflite", ".xml", ".mlmodel", ".pb", ".engine"),
)
"""How the names of weights end. OpenVINO keeps the graph in `.xml` and the weights in `.bin`."""

# Patterns are compiled when they are first used: a check of a registry needs none of them.
# The weights of a large ONNX file: model.onnx_data, model.onnx.data, model.onnx_data_1.
_EXTERNAL_DATA = r".+\.onnx[._]data[^/]*"
# What trainers leave behind; no library reads these files to run a model.
_LEFTOVERS = (
    r"(training_args|optimizer|scheduler|scaler|sampler|dataloader|rng_state|random_states|early_stopping)[^/]*"
    r"\.(bin|pt|pth|pkl|safetensors)"
)
_TOKENIZER = frozenset(
    (
        *("tokenizer.json", "vocab.json", "vocab.txt", "merges.txt", "dict.txt", "bpe.codes", "added_tokens.json"),
        *("special_tokens_map.json", "chat_template.jinja", "chat_template.json", "emoji.json", "normalizer.json"),
    )
)
_TOKENIZER_ENDINGS = (".model", ".spm", ".tiktoken", ".vocab", ".bpe")
_SETTINGS = frozenset(
    ("config.json", "modules.json", "artifact.metadata", "params.json", "prompts.json", "idf.json", "stopwords.txt")
)
# How a model generates texts, and what it was trained on.
_OTHER_CONFIGS = frozenset(("generation_config.json", "data_config.json", "training_config.json"))
_SETTINGS_NAMES = r"(config_.*|.*_config|.*\.index|.*query_token_weights.*)\.(json|txt)"


@lru_cache(4096)
def decides_vectors(name: str) -> bool:
    """Whether a file of a repository decides vectors, by its name.

    Such files are weights with what belongs to them (ONNX external data, the index of shards), the files of a
    tokenizer, settings of the model and of its modules, and Python code. `name` is a path inside the repository; files
    in another repository, `org/name:file`, are judged in the same way.
    """
    last = name.rpartition("/")[2].rpartition(":")[2]
    if is_weights(last):
        return True
    if last in _TOKENIZER or last in _SETTINGS or last.endswith((*_TOKENIZER_ENDINGS, ".py")):
        return True
    return last not in _OTHER_CONFIGS and re.fullmatch(_SETTINGS_NAMES, last) is not None


def is_weights(name: str) -> bool:
    """Whether a file holds weights, by its name."""
    last = name.rpartition("/")[2].rpartition(":")[2]
    if re.fullmatch(_LEFTOVERS, last):
        return False
    return last.endswith(WEIGHTS) or re.fullmatch(_EXTERNAL_DATA, last) is not None
