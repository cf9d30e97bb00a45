"""Facts about how texts become vectors: pooling, normalization, prompts and lengths."""

from hypiler.model_files.architectures import Network
from hypiler.model_files.facts import FileFact
from hypiler.model_files.json_files import mapping, positive, text, words
from hypiler.model_files.late_interaction import (
    SIDES,
    LateInteraction,
    is_pylate,
    late_interaction_facts,
    read_late_interaction,
    side_length,
    stanford_marker,
)
from hypiler.model_files.projection import pooling_modes, written_place
from hypiler.model_files.repository import MODULES, SETTINGS, STANFORD, Repository

# The words of models.json for the pooling modes of sentence-transformers.
_POOLINGS = {
    "cls": "cls",
    "mean": "mean",
    "max": "max",
    "mean_sqrt_len_tokens": "mean_sqrt_len",
    "weightedmean": "weighted_mean",
    "lasttoken": "last_token",
}
_WORDS = {*_POOLINGS.values(), "none"}
_SIMILARITIES = {
    "cosine": "cosine",
    "dot": "dot",
    "euclidean": "euclidean",
    "manhattan": "manhattan",
    "maxsim": "max_sim",
}
# The words of models.json for the activations of SpladePooling, which always applies log1p.
_ACTIVATIONS = {"relu": "log1p_relu", "log1p_relu": "log1p_log1p_relu"}
QUERY_WEIGHTS = ("idf.json", "query_token_weights.txt")
"""The usual names of the file with the weights of a query's tokens."""
# Modules that do not change the length of vectors.
_PASSING = ("MultiVectorMask", "Dropout")
# The names of prompts that sentence-transformers looks up, by side. By default it writes an empty prompt for each side,
# under the first name.
_PROMPTS = {"query": ("query",), "document": ("document", "passage", "corpus")}


def encoding_facts(repository: Repository, network: Network, encoder_type: str | None) -> "dict[str, FileFact | None]":
    """The facts of the section `encoding`, and the context length."""
    pooling, similarity = read_pooling(repository, encoder_type), read_similarity(repository, encoder_type)
    return {
        "encoding.pooling": pooling if pooling and pooling.value in _WORDS else None,
        "encoding.normalize": read_normalization(repository, encoder_type),
        "encoding.similarity": similarity if similarity and similarity.value in _SIMILARITIES.values() else None,
        "specs.context_length": _context(repository, network, encoder_type),
        **_prefixes(repository, encoder_type),
        **_weighting(repository, encoder_type),
        **_tasks(repository),
        **(late_interaction_facts(repository) if encoder_type == "multi_vector" else {}),
        **{f"encoding.{side}_length": _side_length(repository, network, encoder_type, side) for side in SIDES},
    }


def _weighting(repository: Repository, encoder_type: str | None) -> "dict[str, FileFact | None]":
    """How a sparse model weighs tokens."""
    return {
        "encoding.activation": read_activation(repository),
        "encoding.inference_free_queries": read_inference_free(repository, encoder_type),
        "files.query_weights": _query_weights(repository, encoder_type),
    }


def read_pooling(repository: Repository, encoder_type: str | None) -> FileFact | None:
    """How token vectors become one vector. None if the files do not say it, or if there are several pooling modules.

    The value is a word of models.json if there is one, else the library's word. Modes that are concatenated are joined
    by `+`.
    """
    if encoder_type in ("dense", "reranker"):
        found = repository.modules_of_type("Pooling")
        # ModernBERT and its relatives state how the vector is made that their head reads.
        stated = text(repository.config.get("classifier_pooling")) if repository.modules is None else None
        if encoder_type == "reranker" and stated:
            return FileFact(stated, repository.config_name, "classifier_pooling")
        modes = pooling_modes(repository.object(found[0].config)) if len(found) == 1 else {}
        value = "+".join([_POOLINGS.get(mode, mode) for mode in modes])
        return FileFact(value, found[0].config, next(iter(modes.values()))) if value else None
    if encoder_type == "sparse":
        for module in repository.modules_of_type("SpladePooling"):
            settings = repository.object(module.config)
            strategy = text(settings.get("pooling_strategy", "max")) if settings else None
            return FileFact(strategy, module.config, "pooling_strategy") if strategy else None
    file, key = (MODULES, "type") if repository.modules is not None else (repository.config_name, "architectures")
    if encoder_type == "multi_vector":
        return FileFact("none", file, key, "one vector per token")
    return FileFact("mean", file, key, "of the vectors of the tokens") if encoder_type == "static" else None


def read_normalization(repository: Repository, encoder_type: str | None) -> FileFact | None:
    """Whether the vectors have length 1; None if the files do not say it."""
    if encoder_type not in ("dense", "static", "multi_vector"):
        return None
    config, modules = repository.config, repository.modules
    if encoder_type == "static" and isinstance(config.get("normalize"), bool):
        return FileFact(config["normalize"], repository.config_name, "normalize")
    if modules is None:
        cosine = encoder_type == "multi_vector" and repository.object(STANFORD).get("similarity") == "cosine"
        return FileFact(True, STANFORD, "similarity") if cosine else None
    last = [module for module in modules if module.name not in _PASSING][-1:]
    if last and last[0].known and last[0].name == "Normalize":
        # A normalization of token vectors alone leaves the text's vector as it is.
        elsewhere = encoder_type != "multi_vector" and written_place(repository, last[0]) != "sentence_embedding"
        return None if elsewhere else FileFact(True, MODULES, "Normalize")
    # PyLate normalizes without listing a module for it, and code from the repository may do so too.
    own = encoder_type == "multi_vector" and not repository.modules_of_type("MultiVectorMask")
    # A route may end in a normalization, too.
    hidden = own or repository.is_routed or not all(module.known for module in modules)
    return None if hidden else FileFact(False, MODULES, "type")


def read_similarity(repository: Repository, encoder_type: str | None) -> FileFact | None:
    """How vectors are compared: a word of models.json if there is one, else the library's word."""
    word = (text(repository.object(SETTINGS).get("similarity_fn_name")) or "").lower()
    found = _SIMILARITIES.get(word, word)
    if encoder_type == "multi_vector":
        # Older versions of PyLate write the default for single vectors here, which says nothing about the model.
        if "max" in word:
            return FileFact(found, SETTINGS, "similarity_fn_name")
        colbert = repository.object(STANFORD).get("interaction") == "colbert"
        return FileFact("max_sim", STANFORD, "interaction") if colbert else None
    if not found or found == "max_sim" or encoder_type == "reranker":
        return None
    fact = FileFact(found, SETTINGS, "similarity_fn_name")
    return fact.doubted("sentence-transformers writes cosine by default") if found == "cosine" else fact


def read_prefix(repository: Repository, side: str) -> FileFact | None:
    """The text that is put before the texts of a side; None if the files do not say it.

    An empty prefix may be a library's default and not the authors' choice.
    """
    settings = repository.object(SETTINGS)
    name, prompt = _prompt(repository, side)
    marker = text(settings.get(f"{side}_prefix"))
    if marker is not None and is_pylate(repository):
        # PyLate puts its marker in front of the prompt.
        return FileFact(marker + prompt.removeprefix(marker), SETTINGS, f"{side}_prefix")
    if name and (prompt or stanford_marker(repository, side) is None):
        return FileFact(prompt, SETTINGS, f"prompts.{name}")
    return stanford_marker(repository, side)


def _prompt(repository: Repository, side: str) -> tuple[str, str]:
    """The name and the text of the prompt of a side; both empty if there is none."""
    prompts = read_prompts(repository)
    there = [name for name in _PROMPTS[side] if name in prompts]
    name = next((name for name in there if prompts[name]), there[0] if there else "")
    return name, prompts.get(name, "")


def read_activation(repository: Repository) -> FileFact | None:
    """How the logits of a sparse model become weights; None if the files do not say it, or in a word of their own."""
    for module in repository.modules_of_type("SpladePooling"):
        settings = repository.object(module.config)
        word = settings.get("activation_function", "relu")
        found = _ACTIVATIONS.get(word) if settings and isinstance(word, str) else None
        return FileFact(found, module.config, "activation_function") if found else None
    return None


def read_inference_free(repository: Repository, encoder_type: str | None) -> FileFact | None:
    """Whether queries have fixed weights and are not run through the network; None if no modules are listed."""
    if encoder_type != "sparse" or repository.modules is None:
        return None
    query = repository.query_modules
    if query:
        return FileFact(True, query[0].config, query[0].name)
    return FileFact(False, MODULES, "type") if repository.modules_of_type("SpladePooling") else None


def _query_weights(repository: Repository, encoder_type: str | None) -> FileFact | None:
    name = read_query_weights(repository) if encoder_type == "sparse" and repository.query_modules else None
    return FileFact(name, name, "") if name else None


def read_query_weights(repository: Repository) -> str | None:
    """The file with the fixed weight of each token of queries; None if there is none."""
    query = repository.query_modules
    own = f"{query[0].folder}model.safetensors" if query else ""
    return next((name for name in (*QUERY_WEIGHTS, own) if name in repository.names), None)


def read_adapters(repository: Repository) -> tuple[str, ...]:
    """The names of the network's adapters, such as those of Jina v3: a text is encoded with one of them."""
    return tuple(words(repository.config.get("lora_adaptations")))


def _tasks(repository: Repository) -> "dict[str, FileFact | None]":
    """The facts about the tasks that the network is told. Each is a list of all their names.

    Jina v3 calls its adapters `lora_adaptations`, later versions call theirs `task_names`. Nothing is known of the
    default task of a model without a task for retrieval.
    """
    for key in ("lora_adaptations", "task_names"):
        names = words(repository.config.get(key))
        if names:
            usual = {"query": {"retrieval.query", "retrieval"}, "document": {"retrieval.passage", "retrieval"}}
            fact = FileFact(names, repository.config_name, key)
            return {f"encoding.{side}_task": fact if usual[side] & {*names} else None for side in SIDES}
    return {}


def read_prompts(repository: Repository) -> dict[str, str]:
    """The prompts by name."""
    prompts = mapping(repository.object(SETTINGS).get("prompts"))
    return {name: value for name, value in prompts.items() if isinstance(value, str)}


def _prefixes(repository: Repository, encoder_type: str | None) -> "dict[str, FileFact | None]":
    """The facts about prefixes and further prompts.

    For dense models, an empty prompt counts as evidence only if another prompt is not empty: then the authors have set
    them. Sparse and late-interaction models were trained with the classes that write these prompts.
    """
    prompts = read_prompts(repository)
    chosen = any(prompts.values())
    # Not for other models: it reads the tokenizer's settings, and an error in them does not concern prefixes.
    late = read_late_interaction(repository) if encoder_type == "multi_vector" else LateInteraction()
    facts: dict[str, FileFact | None] = {}
    for side in SIDES:
        fact = read_prefix(repository, side)
        prompts.pop(_prompt(repository, side)[0], None)
        if fact and not fact.value and fact.key.startswith("prompts."):
            if chosen:
                fact = fact.doubted("empty, but another prompt is set")
            elif encoder_type in ("sparse", "multi_vector"):
                fact = fact.doubted("sentence-transformers writes empty prompts by default")
            else:
                fact = None
        marker = late.marker(side) if late.markers else None
        if fact and marker:
            facts[f"encoding.{side}_marker"] = FileFact(marker, fact.file, fact.key)
            fact = fact.doubted("it begins with a marker, which is a token")
        facts[f"encoding.{side}_prefix"] = fact
    others = {name: prompt for name, prompt in prompts.items() if name and prompt}
    facts["encoding.prompts"] = FileFact(others, SETTINGS, "prompts") if others else None
    return facts


def stated_length(repository: Repository, network: Network, encoder_type: str | None) -> FileFact | None:
    """The longest input that the network's settings state, limited by the number of positions; None if not stated.

    PyLate's settings are ignored: they contain the length of the texts that it encoded last. For static models,
    model2vec states the length in its configuration, and sentence-transformers has no limit.
    """
    if encoder_type == "static":
        own = repository.config.get("model_type") == "model2vec"
        return _number(repository, repository.config_name, "max_length") if own else None
    # Without the settings it is not known whether they are PyLate's.
    if encoder_type == "multi_vector" and (is_pylate(repository) or not repository.is_settled(SETTINGS)):
        return None
    key, processor = repository.processor_settings
    if "model_max_length" in processor:
        value, path = positive(processor["model_max_length"]), f"{key}.model_max_length"
    else:
        value, path = positive(repository.network_settings.get("max_seq_length")), "max_seq_length"
    longest = network.longest
    if value is None:
        return None
    if longest and value > longest.value and network.is_bound:
        return longest.doubted(f"{path} in {repository.network_name} is {value}, and longer texts fail")
    return FileFact(value, repository.network_name, path)


def _side_length(repository: Repository, network: Network, encoder_type: str | None, side: str) -> FileFact | None:
    """The default length of the texts of a side: its own, or else the length that the settings state for all texts.

    A reranker reads both texts as one input, so no side has a length.
    """
    if encoder_type in (None, "reranker"):
        return side_length(repository, side)
    return side_length(repository, side) or stated_length(repository, network, encoder_type)


def _context(repository: Repository, network: Network, encoder_type: str | None) -> FileFact | None:
    """The limit that the files set: that of the tokenizer, as far as there are positions.

    `max_seq_length` of sentence-transformers is no such limit, only where texts are truncated by default.
    """
    if encoder_type == "static":
        return _number(repository, repository.config_name, "seq_length")
    if encoder_type is None or not _limits_settled(repository, encoder_type):
        return None
    if encoder_type == "multi_vector" and (is_pylate(repository) or not repository.is_settled(SETTINGS)):
        return None
    limits = [fact for fact in (_kept_limit(repository), network.longest) if fact]
    stated = min(limits, key=lambda fact: int(fact.value), default=None)
    if stated is None:
        return None
    others = [f"{fact.key} in {fact.file} allows {fact.value}" for fact in limits if fact.key != stated.key]
    return stated.noted(*others)


def _kept_limit(repository: Repository) -> FileFact | None:
    """The limit of the tokenizer, unless sentence-transformers replaces it by a higher `max_seq_length`.

    Beside `max_seq_length`, `max_len` says nothing: versions of transformers put the same number into every tokenizer
    of a class.
    """
    limit, own = _tokenizer_length(repository), positive(repository.network_settings.get("max_seq_length"))
    if limit is None or own is None or limit.file != repository.tokenizer_name:
        return limit
    return None if own > limit.value or limit.key == "max_len" else limit


def _limits_settled(repository: Repository, encoder_type: str) -> bool:
    """Whether the files that may state a limit are known. A reranker has no settings of sentence-transformers."""
    places = (
        [repository.tokenizer_name]
        if encoder_type == "reranker"
        else [repository.tokenizer_name, repository.network_name]
    )
    return repository.is_settled(*places) and not repository.is_unreadable(SETTINGS)


def _tokenizer_length(repository: Repository) -> FileFact | None:
    """The limit of the tokenizer. If the newer key is missing, transformers still reads the older one.

    The settings of sentence-transformers may give the tokenizer another limit.
    """
    part, given = repository.processor_settings
    if "model_max_length" in given:
        value = positive(given["model_max_length"])
        return FileFact(value, repository.network_name, f"{part}.model_max_length") if value else None
    held = repository.object(repository.tokenizer_name)
    key = "model_max_length" if "model_max_length" in held else "max_len"
    return _number(repository, repository.tokenizer_name, key)


def _number(repository: Repository, file: str, key: str) -> FileFact | None:
    value = positive(repository.object(file).get(key))
    return None if value is None else FileFact(value, file, key)
