"""How texts become vectors: pooling, normalization, prompts and lengths."""

from hypiler.model_files.architectures import Network
from hypiler.model_files.facts import FileFact
from hypiler.model_files.json_files import mapping, positive, text
from hypiler.model_files.projection import pooling_modes
from hypiler.model_files.repository import MODULES, SETTINGS, STANFORD, Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The words of pooling modules in those of models.json.
_POOLINGS = {
    "cls": "cls",
    "mean": "mean",
    "max": "max",
    "mean_sqrt_len_tokens": "mean_sqrt_len",
    "weightedmean": "weighted_mean",
    "lasttoken": "last_token",
}
_SIMILARITIES = {
    "cosine": "cosine",
    "dot": "dot",
    "euclidean": "euclidean",
    "manhattan": "manhattan",
    "maxsim": "max_sim",
}
# Modules that leave the vectors as long as they are.
_PASSING = ("MultiVectorMask", "Dropout")
# The names of prompts that sentence-transformers looks for, by side. It writes an empty one under the first name of a
# side where nobody set any.
_SIDES = {"query": ("query",), "document": ("document", "passage", "corpus")}
# Stanford's ColBERT writes `doc_maxlen`.
_SHORT = {"query": "query", "document": "doc"}


def encoding_facts(repository: Repository, network: Network, kind: str | None) -> "dict[str, FileFact | None]":
    """The facts of `encoding`, and the longest input."""
    return {
        "encoding.pooling": _pooling(repository, kind),
        "encoding.normalize": _normalize(repository, kind),
        "encoding.similarity": _similarity(repository, kind),
        "specs.context_length": _context(repository, network, kind),
        **_prompts(repository),
        **_lengths(repository),
    }


def _pooling(repository: Repository, kind: str | None) -> FileFact | None:
    if kind == "dense":
        for module in repository.of("Pooling"):
            modes = pooling_modes(repository.object(module.config))
            mode, key = next(iter(modes.items()), ("", ""))
            return FileFact(_POOLINGS[mode], module.config, key) if len(modes) == 1 and mode in _POOLINGS else None
    if kind == "sparse":
        for module in repository.of("SpladePooling"):
            found = repository.object(module.config).get("pooling_strategy") == "max"
            return FileFact("max", module.config, "pooling_strategy") if found else None
    file, key = (MODULES, "type") if repository.modules is not None else (repository.config_name, "architectures")
    if kind == "multi_vector":
        return FileFact("none", file, key, "one vector a token")
    return FileFact("mean", file, key, "of the vectors of the tokens") if kind == "static" else None


def _normalize(repository: Repository, kind: str | None) -> FileFact | None:
    if kind not in ("dense", "static", "multi_vector"):
        return None
    config, modules = repository.config, repository.modules
    if kind == "static" and isinstance(config.get("normalize"), bool):
        return FileFact(config["normalize"], repository.config_name, "normalize")
    if modules is None:
        cosine = kind == "multi_vector" and repository.object(STANFORD).get("similarity") == "cosine"
        return FileFact(True, STANFORD, "similarity") if cosine else None
    last = [module for module in modules if module.name not in _PASSING][-1:]
    if last and last[0].known and last[0].name == "Normalize":
        return FileFact(True, MODULES, "Normalize")
    # PyLate normalizes on its own and lists no module for it, and code of the repository may do so, too.
    own = kind == "multi_vector" and not repository.of("MultiVectorMask")
    return None if own or not all(module.known for module in modules) else FileFact(False, MODULES, "type")


def _similarity(repository: Repository, kind: str | None) -> FileFact | None:
    word = (text(repository.object(SETTINGS).get("similarity_fn_name")) or "").lower()
    found = _SIMILARITIES.get(word)
    if kind == "multi_vector":
        if found == "max_sim":
            return FileFact(found, SETTINGS, "similarity_fn_name")
        colbert = repository.object(STANFORD).get("interaction") == "colbert"
        return FileFact("max_sim", STANFORD, "interaction") if colbert else None
    if found is None or found == "max_sim" or kind == "reranker":
        return None
    note = "sentence-transformers writes cosine where nobody chose" if found == "cosine" else ""
    return FileFact(found, SETTINGS, "similarity_fn_name", note)


def _prompts(repository: Repository) -> "dict[str, FileFact | None]":
    """Prefixes and further prompts.

    An empty prompt is evidence of none only beside one that is not empty: then someone has set them.
    """
    settings, stanford = repository.object(SETTINGS), repository.object(STANFORD)
    prompts = {name: value for name, value in mapping(settings.get("prompts")).items() if isinstance(value, str)}
    chosen = any(prompts.values())
    facts: dict[str, FileFact | None] = {}
    for side, names in _SIDES.items():
        there = [name for name in names if name in prompts]
        name = next((name for name in there if prompts[name]), there[0] if there else "")
        prompt = prompts.pop(name, "")
        marker, token = text(settings.get(f"{side}_prefix")), text(stanford.get(f"{_SHORT[side]}_token_id"))
        path = f"encoding.{side}_prefix"
        if marker is not None:
            # PyLate puts its marker before the prompt.
            facts[path] = FileFact(marker + prompt.removeprefix(marker), SETTINGS, f"{side}_prefix")
        elif name and chosen:
            note = "" if prompt else "empty beside one that is not"
            facts[path] = FileFact(prompt, SETTINGS, f"prompts.{name}", note)
        elif token:
            facts[path] = FileFact(token, STANFORD, f"{_SHORT[side]}_token_id")
    others = {name: prompt for name, prompt in prompts.items() if name and prompt}
    if others:
        facts["encoding.prompts"] = FileFact(others, SETTINGS, "prompts")
    return facts


def _lengths(repository: Repository) -> "dict[str, FileFact | None]":
    """The lengths of each side where they are stated: by PyLate, Stanford's ColBERT or sentence-transformers."""
    facts: dict[str, FileFact | None] = {}
    network = repository.object(repository.network_name)
    expansion = mapping(network.get("query_expansion"))
    for side in _SIDES:
        places: list[tuple[str, str, dict[str, Any], str]] = [
            (SETTINGS, "", repository.object(SETTINGS), f"{side}_length"),
            (STANFORD, "", repository.object(STANFORD), f"{_SHORT[side]}_maxlen"),
            (repository.network_name, "query_expansion.", expansion if side == "query" else {}, "length"),
            (repository.network_name, "", network, f"{side}_length"),
        ]
        for file, path, held, key in places:
            if (value := positive(held.get(key))) is not None:
                facts[f"encoding.{side}_length"] = FileFact(value, file, path + key)
                break
    return facts


def _context(repository: Repository, network: Network, kind: str | None) -> FileFact | None:
    """The longest input.

    sentence-transformers takes its own setting, and otherwise the lower of what the tokenizer and the positions allow;
    model2vec has one of its own.
    PyLate leaves in its settings the length of the texts that it last read, which says nothing of the model.
    """
    pylate = kind == "multi_vector" and any(
        key in repository.object(SETTINGS) for key in ("query_prefix", "document_prefix")
    )
    if kind == "static" and repository.config.get("model_type") == "model2vec":
        return _number(repository, repository.config_name, "max_length")
    places = (SETTINGS, repository.network_name, repository.tokenizer_name)
    if kind in (None, "static") or pylate or any(map(repository.silent, places)):
        return None
    own = _number(repository, repository.network_name, "max_seq_length")
    tokenizer = _number(repository, repository.tokenizer_name, "model_max_length")
    limits = [fact for fact in (tokenizer, network.longest) if fact]
    chosen = own or min(limits, key=lambda fact: int(fact.value), default=None)
    if chosen is None:
        return None
    others = [f"{fact.key} in {fact.file} allows {fact.value}" for fact in limits if fact is not chosen]
    return FileFact(chosen.value, chosen.file, chosen.key, "; ".join(others))


def _number(repository: Repository, file: str, key: str) -> FileFact | None:
    value = positive(repository.object(file).get(key))
    return None if value is None else FileFact(value, file, key)
