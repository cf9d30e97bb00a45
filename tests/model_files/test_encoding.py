"""How texts become vectors, by the settings of the libraries."""

import string
from typing import Any

import model_files.models as models
import pytest
from golden import golden
from model_files.models import evidence, place, values

from hypiler.model_files.extract import FileFact

SETTINGS = "config_sentence_transformers.json"
NETWORK = "sentence_bert_config.json"
POOLING = "1_Pooling/config.json"


def pooled(**config: Any) -> FileFact | None:
    return evidence(models.BGE_M3 | {POOLING: config}).facts.get("encoding.pooling")


@pytest.mark.parametrize(
    ("word", "flag", "expected"),
    [
        ("cls", "pooling_mode_cls_token", "cls"),
        ("mean", "pooling_mode_mean_tokens", "mean"),
        ("max", "pooling_mode_max_tokens", "max"),
        ("mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len"),
        ("weightedmean", "pooling_mode_weightedmean_tokens", "weighted_mean"),
        ("lasttoken", "pooling_mode_lasttoken", "last_token"),
    ],
)
def test_pooling_is_read_in_its_old_form_and_in_its_new_one(word: str, flag: str, expected: str) -> None:
    old = {name: name == flag for name in models.STELLA[POOLING] if name.startswith("pooling_mode")}
    assert pooled(**old) == FileFact(expected, POOLING, flag)
    assert pooled(pooling_mode=word) == FileFact(expected, POOLING, "pooling_mode")
    assert pooled(pooling_mode=[word]) == FileFact(expected, POOLING, "pooling_mode")


def test_pooling_is_what_the_library_takes_where_a_file_leaves_it_open() -> None:
    none = {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": False}
    assert pooled(word_embedding_dimension=8) == FileFact("mean", POOLING, "")
    assert pooled(**none) == FileFact("mean", POOLING, "")
    assert pooled(pooling_mode_cls_token=1) == FileFact("cls", POOLING, "pooling_mode_cls_token")


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"pooling_mode": ["cls", "mean"]},
        {"pooling_mode": []},
        {"pooling_mode": "attention"},
        {"pooling_mode": {"cls": True}},
        {"pooling_mode": 5},
        {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True},
    ],
)
def test_pooling_that_is_not_one_word_is_not_known(config: dict[str, Any]) -> None:
    assert pooled(**config) is None


def test_pooling_before_the_head_of_a_reranker_is_the_one_of_its_configuration() -> None:
    config = models.BGE_RERANKER["config.json"] | {"classifier_pooling": "cls"}
    assert evidence({"config.json": config}).facts["encoding.pooling"] == FileFact(
        "cls", "config.json", "classifier_pooling"
    )
    assert "encoding.pooling" not in evidence({"config.json": config | {"classifier_pooling": "late"}}).facts


def test_models_of_other_kinds_pool_as_their_kind_does() -> None:
    expected = {
        "PYLATE": FileFact("none", "modules.json", "type", "one vector per token"),
        "STANFORD": FileFact("none", "config.json", "architectures", "one vector per token"),
        "MODEL2VEC": FileFact("mean", "config.json", "architectures", "of the vectors of the tokens"),
        "SPLADE": FileFact("max", "1_SpladePooling/config.json", "pooling_strategy"),
        "DISTILBERT": None,
        "BGE_RERANKER": None,
    }
    assert {name: evidence(models.ALL[name]).facts.get("encoding.pooling") for name in expected} == expected
    summed = models.SPLADE | {"1_SpladePooling/config.json": {"pooling_strategy": "sum"}}
    assert "encoding.pooling" not in evidence(summed).facts


def listed(*types: str) -> dict[str, Any]:
    return models.BGE_M3 | {
        "modules.json": [
            models.TRANSFORMER,
            *[{"idx": number, "name": "", "path": f"{number}_X", "type": type} for number, type in enumerate(types, 1)],
        ],
        SETTINGS: {"model_type": "SentenceTransformer"},
    }


ST = "sentence_transformers.models"
NORMALIZED = {
    "last": ([f"{ST}.Pooling", f"{ST}.Normalize"], True),
    "after a layer": ([f"{ST}.Pooling", f"{ST}.Dense", f"{ST}.Normalize"], True),
    "before a layer": ([f"{ST}.Pooling", f"{ST}.Normalize", f"{ST}.Dense"], False),
    "not at all": ([f"{ST}.Pooling"], False),
    "after code that is not known": (["custom.Pool", f"{ST}.Normalize"], True),
    "before code that is not known": ([f"{ST}.Pooling", f"{ST}.Normalize", "custom.Pool"], None),
    "by code that is not known": ([f"{ST}.Pooling", "custom.Normalize"], None),
}


@pytest.mark.parametrize(("types", "expected"), NORMALIZED.values(), ids=NORMALIZED)
def test_vectors_are_normalized_if_the_last_module_does_it(types: list[str], expected: bool | None) -> None:
    assert values(evidence(listed(*types))).get("encoding.normalize") == expected


def test_normalization_of_other_kinds() -> None:
    expected = {
        "MODEL2VEC": FileFact(True, "config.json", "normalize"),
        "STANFORD": FileFact(True, "artifact.metadata", "similarity"),
        "PYLATE": None,
        "COLPALI": None,
        "SPLADE": None,
        "BGE_RERANKER": None,
    }
    assert {name: evidence(models.ALL[name]).facts.get("encoding.normalize") for name in expected} == expected
    mask = "sentence_transformers.multi_vector_encoder.modules.multi_vector_mask.MultiVectorMask"
    late = {SETTINGS: {"model_type": "MultiVectorEncoder"}}
    assert values(evidence(listed(mask, f"{ST}.Normalize") | late))["encoding.normalize"] is True
    assert values(evidence(listed(f"{ST}.Normalize", mask) | late))["encoding.normalize"] is True
    assert values(evidence(listed(mask) | late))["encoding.normalize"] is False


@pytest.mark.parametrize(
    ("name", "word", "expected"),
    [
        ("BGE_M3", "cosine", "cosine"),
        ("BGE_M3", "dot", "dot"),
        ("BGE_M3", "euclidean", "euclidean"),
        ("BGE_M3", "manhattan", "manhattan"),
        ("BGE_M3", "MaxSim", None),
        ("BGE_M3", None, None),
        ("BGE_M3", ["dot"], None),
        ("PYLATE", "MaxSim", "max_sim"),
        ("PYLATE", "maxsim", "max_sim"),
        ("PYLATE", "meanmaxsim", None),
        ("PYLATE", "cosine", None),
        ("SPLADE", "dot", "dot"),
    ],
)
def test_similarity_is_in_the_words_of_the_registry(name: str, word: Any, expected: str | None) -> None:
    files = models.ALL[name]
    found = evidence(files | {SETTINGS: files[SETTINGS] | {"similarity_fn_name": word}}).facts.get(
        "encoding.similarity"
    )
    assert (found and (found.value, found.file, found.key)) == (expected and (expected, SETTINGS, "similarity_fn_name"))


def test_similarity_that_a_library_writes_on_its_own_is_marked() -> None:
    told = golden("sentence-transformers writes cosine by default")
    assert evidence(models.BGE_M3).facts["encoding.similarity"].note == told
    assert place(evidence(models.STANFORD), "encoding.similarity") == ("max_sim", "artifact.metadata", "interaction")


QUERY, DOCUMENT, PROMPTS = "encoding.query_prefix", "encoding.document_prefix", "encoding.prompts"


def prompts(files: dict[str, Any] = models.BGE_M3, **settings: Any) -> dict[str, Any]:
    found = evidence(files | {SETTINGS: {"model_type": "SentenceTransformer"} | settings})
    return {path: value for path, value in values(found).items() if path in (QUERY, DOCUMENT, PROMPTS)}


def test_prompts_become_prefixes() -> None:
    found = evidence(models.JASPER).facts
    query = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: "
    assert found[QUERY] == FileFact(query, SETTINGS, "prompts.query")
    assert found[DOCUMENT] == FileFact(
        "", SETTINGS, "prompts.document", "empty, but another prompt is set", doubtful=True
    )


def test_empty_prompts_that_a_library_writes_are_no_evidence() -> None:
    assert prompts(prompts={"query": "", "document": ""}) == {}
    assert prompts(prompts={}) == prompts(prompts=None) == prompts(prompts=["query"]) == prompts() == {}


def test_empty_prompts_of_late_interaction_are_doubtful_evidence() -> None:
    settings = {"model_type": "MultiVectorEncoder", "prompts": {"query": "", "document": ""}}
    found = evidence({SETTINGS: settings, "config.json": models.STANFORD["config.json"]})
    told = "sentence-transformers writes empty prompts by default"
    expected = [FileFact("", SETTINGS, f"prompts.{side}", told, doubtful=True) for side in ("query", "document")]
    assert [found.facts[f"encoding.{side}_prefix"] for side in ("query", "document")] == expected


@pytest.mark.parametrize("name", ["document", "passage", "corpus"])
def test_prompt_of_documents_has_three_names(name: str) -> None:
    assert prompts(prompts={"query": "query: ", name: "passage: "}) == {QUERY: "query: ", DOCUMENT: "passage: "}


def test_empty_prompt_of_documents_does_not_hide_one_under_an_older_name() -> None:
    # As sentence-transformers 5 saves a model that an older one had saved.
    stated = {"query": "query: ", "document": "", "passage": "passage: "}
    assert prompts(prompts=stated) == {QUERY: "query: ", DOCUMENT: "passage: "}


def test_further_prompts_keep_their_names() -> None:
    stated = {"query": "q: ", "clustering": "Identify the topic: ", "empty": "", "": "nameless", "number": 5}
    assert prompts(prompts=stated) == {QUERY: "q: ", PROMPTS: {"clustering": golden("Identify the topic: ")}}
    assert prompts(prompts={"document": "", "clustering": "c: "}) == {DOCUMENT: "", PROMPTS: {"clustering": "c: "}}


def test_markers_of_late_interaction_are_tokens_and_doubtful_prefixes() -> None:
    found = evidence(models.PYLATE).facts
    assert found["encoding.query_marker"] == FileFact("[Q] ", SETTINGS, "query_prefix")
    assert found["encoding.document_marker"] == FileFact("[D] ", SETTINGS, "document_prefix")
    note = "it begins with a marker, which is a token"
    assert found[QUERY] == FileFact("[Q] ", SETTINGS, "query_prefix", note, doubtful=True)
    found = evidence(models.STANFORD).facts
    assert found["encoding.query_marker"] == FileFact("[unused0]", "artifact.metadata", "query_token_id")
    assert found["encoding.document_marker"] == FileFact("[unused1]", "artifact.metadata", "doc_token_id")
    assert (found[DOCUMENT].value, found[DOCUMENT].doubtful) == ("[unused1]", True)


def test_marker_stands_before_a_prompt() -> None:
    both = {"query_prefix": "[Q] ", "document_prefix": "", "prompts": {"query": "search: ", "document": ""}}
    assert prompts(models.PYLATE, **both) == {QUERY: "[Q] search: ", DOCUMENT: ""}
    # sentence-transformers saves the two as one.
    one = {"query_prefix": "[Q] ", "prompts": {"query": "[Q] search: "}}
    assert prompts(models.PYLATE, **one) == {QUERY: "[Q] search: "}


def lengths(files: dict[str, Any]) -> dict[str, tuple[Any, str, str]]:
    found = evidence(files)
    return {path.rpartition(".")[2]: place(found, path) for path in found.facts if path.endswith("_length")}


def test_lengths_of_late_interaction_are_those_of_its_library() -> None:
    assert lengths(models.PYLATE) == {
        "expansion_length": (32, SETTINGS, "query_length"),
        "query_length": (32, SETTINGS, "query_length"),
        "document_length": (180, SETTINGS, "document_length"),
    }
    assert lengths(models.STANFORD) == {
        "context_length": (512, "config.json", "max_position_embeddings"),
        "expansion_length": (32, "artifact.metadata", "query_maxlen"),
        "query_length": (32, "artifact.metadata", "query_maxlen"),
        "document_length": (256, "artifact.metadata", "doc_maxlen"),
    }
    mask = "sentence_transformers.multi_vector_encoder.modules.multi_vector_mask.MultiVectorMask"
    network = {"query_expansion": {"strategy": "fixed", "length": 48}, "query_length": 40, "document_length": 300}
    late = listed(mask) | {SETTINGS: {"model_type": "MultiVectorEncoder"}, NETWORK: network}
    assert lengths(late) == {
        "context_length": (8192, "tokenizer_config.json", "model_max_length"),
        "expansion_length": (48, NETWORK, "query_expansion.length"),
        "query_length": (48, NETWORK, "query_expansion.length"),
        "document_length": (300, NETWORK, "document_length"),
    }


@pytest.mark.parametrize(
    ("key", "names", "query", "document"),
    [
        ("lora_adaptations", ["retrieval.query", "retrieval.passage", "separation"], True, True),
        ("task_names", ["retrieval", "text-matching", "clustering", "classification"], True, True),
        ("lora_adaptations", ["separation", "retrieval.passage"], False, True),
        ("task_names", ["separation"], False, False),
        ("task_names", [], False, False),
    ],
)
def test_tasks_are_the_adapters_that_the_configuration_names(
    key: str, names: list[str], query: bool, document: bool
) -> None:
    facts = evidence(models.BGE_M3 | {"config.json": models.BGE_M3["config.json"] | {key: names}}).facts
    for side, there in (("query", query), ("document", document)):
        assert facts.get(f"encoding.{side}_task") == (FileFact(names, "config.json", key) if there else None)


def tokens(files: dict[str, Any]) -> dict[str, tuple[Any, str, str]]:
    """The facts about the tokens of late interaction, without lengths and markers."""
    found = evidence(files)
    names = ("query_expansion", "expansion_token", "attend_to_expansion_tokens", "skip_punctuation", "skiplist")
    return {name: place(found, path) for name in names if (path := f"encoding.{name}") in found.facts}


MASK = "sentence_transformers.multi_vector_encoder.modules.multi_vector_mask.MultiVectorMask"
TOKENIZER = {"tokenizer_config.json": {"tokenizer_class": "BertTokenizer", "mask_token": "[MASK]"}}


def test_tokens_of_late_interaction_are_those_of_the_settings_of_pylate() -> None:
    settings = models.PYLATE[SETTINGS] | {"skiplist_words": [*string.punctuation, "the"]}
    expected = {
        "query_expansion": (True, SETTINGS, "do_query_expansion"),
        "expansion_token": ("[MASK]", "tokenizer_config.json", "mask_token"),
        "attend_to_expansion_tokens": (False, SETTINGS, "attend_to_expansion_tokens"),
        "skip_punctuation": (True, SETTINGS, "skiplist_words"),
        "skiplist": (["the"], SETTINGS, "skiplist_words"),
    }
    assert tokens(models.PYLATE | TOKENIZER | {SETTINGS: settings}) == expected
    # PyLate pads with the end token if there is no mask token, and with none if queries are not expanded.
    llama = {"tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>"}}
    found = tokens(models.PYLATE | llama | {SETTINGS: settings})
    assert found["expansion_token"] == ("</s>", "tokenizer_config.json", "eos_token")
    plain = tokens(models.PYLATE | TOKENIZER | {SETTINGS: settings | {"do_query_expansion": False}})
    assert plain["query_expansion"][0] is False
    assert "expansion_token" not in plain
    # Without settings of the tokenizer, its class alone would say it.
    assert "expansion_token" not in tokens(models.PYLATE | {SETTINGS: settings, "tokenizer_config.json": {}})


def test_tokens_of_late_interaction_are_those_of_the_metadata_of_stanford() -> None:
    assert tokens(models.STANFORD | TOKENIZER) == {
        "expansion_token": ("[MASK]", "tokenizer_config.json", "mask_token"),
        "attend_to_expansion_tokens": (False, "artifact.metadata", "attend_to_mask_tokens"),
        "skip_punctuation": (True, "artifact.metadata", "mask_punctuation"),
    }


def test_tokens_of_late_interaction_are_those_of_the_modules_of_sentence_transformers() -> None:
    mask, expansion = (
        "1_X/config.json",
        {"strategy": "min", "length": 32, "attend": True, "token": "[PAD]"},
    )
    late = listed(MASK) | TOKENIZER | {SETTINGS: {"model_type": "MultiVectorEncoder"}}
    words = {mask: {"skiplist_words": ["the", "a"], "skiplist_tasks": ["document"]}}
    expected = {
        "query_expansion": (True, NETWORK, "query_expansion"),
        "expansion_token": ("[PAD]", NETWORK, "query_expansion.token"),
        "attend_to_expansion_tokens": (True, NETWORK, "query_expansion.attend"),
        "skip_punctuation": (False, mask, "skiplist_words"),
        "skiplist": (["the", "a"], mask, "skiplist_words"),
    }
    files = late | words | {NETWORK: {"query_length": 40, "query_expansion": expansion}}
    assert tokens(files) == expected
    assert lengths(files)["expansion_length"] == (32, NETWORK, "query_expansion.length")
    assert lengths(files)["query_length"] == (40, NETWORK, "query_length")
    named = tokens(late | words | {NETWORK: {"query_expansion": expansion | {"token": None}}})
    assert named["expansion_token"] == ("[MASK]", "tokenizer_config.json", "mask_token")
    none = tokens(late | words | {NETWORK: {"query_length": 40, "query_expansion": None}})
    assert [*none] == ["query_expansion", "skip_punctuation", "skiplist"]
    # A list for both sides is more than the entry's list, which is of documents.
    both = {mask: {"skiplist_words": ["the"], "skiplist_tasks": ["query", "document"]}}
    assert "skiplist" not in tokens(late | both | {NETWORK: {"query_length": 40}})


# The four lengths of all-MiniLM-L6-v2; that of tokenizer.json, 128, is not read.
MINILM = {NETWORK: 256, "tokenizer_config.json": 512, "config.json": 512}


def context(own: Any = None, tokenizer: Any = None, positions: Any = None, type: str = "bert") -> FileFact | None:
    files = models.BGE_M3 | {
        NETWORK: {"max_seq_length": own},
        "tokenizer_config.json": {"model_max_length": tokenizer},
        "config.json": {"model_type": type, "max_position_embeddings": positions},
    }
    return evidence(files).facts.get("specs.context_length")


def test_tokenizer_may_go_beyond_computed_positions() -> None:
    config = {"model_type": "qwen3", "architectures": ["Qwen3ForSequenceClassification"], "id2label": {"0": "yes"}}
    positions = {"max_position_embeddings": 40960, "rope_theta": 1000000}
    files = {"config.json": config | positions, "tokenizer_config.json": {"model_max_length": 131072}}
    told = "model_max_length in tokenizer_config.json allows 131072"
    assert evidence(files).facts["specs.context_length"] == FileFact(
        40960, "config.json", "max_position_embeddings", told
    )


def test_default_truncation_is_the_length_of_texts_and_not_of_the_longest_input() -> None:
    files = models.BGE_M3 | {NETWORK: {"max_seq_length": 256}, "tokenizer_config.json": {"model_max_length": 512}}
    assert lengths(files) == {
        "context_length": (512, "tokenizer_config.json", "model_max_length"),
        "query_length": (256, NETWORK, "max_seq_length"),
        "document_length": (256, NETWORK, "max_seq_length"),
    }
    # A limit of the tokenizer that sentence-transformers overrides is none.
    own = {NETWORK: {"processor_kwargs": {"model_max_length": 64}}}
    assert lengths(files | own) == {
        "context_length": (64, NETWORK, "processor_kwargs.model_max_length"),
        "query_length": (64, NETWORK, "processor_kwargs.model_max_length"),
        "document_length": (64, NETWORK, "processor_kwargs.model_max_length"),
    }
    reranker = models.BGE_RERANKER | {NETWORK: {"max_seq_length": 256}, "tokenizer_config.json": {}}
    assert lengths(reranker) == {"context_length": (512, "config.json", "max_position_embeddings")}


def test_default_truncation_alone_states_no_longest_input() -> None:
    assert context(128, None, 512) == FileFact(512, "config.json", "max_position_embeddings")
    assert context(128) is None
    # The settings of sentence-transformers replace the limit of the tokenizer, also by a higher one.
    assert context(256, 128, 512) == FileFact(512, "config.json", "max_position_embeddings")
    assert context(256, 128) is None


def test_longest_input_is_what_the_tokenizer_and_the_positions_allow() -> None:
    assert context(*MINILM.values()) == FileFact(
        512, "tokenizer_config.json", "model_max_length", "max_position_embeddings in config.json allows 512"
    )
    assert context(None, 131072, 32768) == FileFact(
        32768, "config.json", "max_position_embeddings", "model_max_length in tokenizer_config.json allows 131072"
    )
    assert context(None, 512, 8192) == FileFact(
        512, "tokenizer_config.json", "model_max_length", "max_position_embeddings in config.json allows 8192"
    )
    assert context(None, None, 512) == FileFact(512, "config.json", "max_position_embeddings")
    assert context() is None


def test_positions_that_no_token_has_are_no_length() -> None:
    assert context(positions=514, type="xlm-roberta") == FileFact(512, "config.json", "max_position_embeddings")
    assert context(positions=2, type="xlm-roberta") is None


def test_tokenizer_without_a_limit_has_none() -> None:
    # transformers writes int(1e30) for it.
    assert context(None, 1000000000000000019884624838656, 512) == FileFact(
        512, "config.json", "max_position_embeddings"
    )
    assert context(None, 1000000000000000019884624838656) is None


def test_length_that_pylate_left_behind_is_not_that_of_the_model() -> None:
    assert "specs.context_length" not in evidence(models.PYLATE).facts


def test_lengths_of_a_static_model_are_those_of_model2vec() -> None:
    config = models.MODEL2VEC["config.json"]
    assert config["seq_length"] == 1_000_000, "model2vec writes it for a model without a limit"
    assert lengths({"config.json": config}) == {"context_length": (1_000_000, "config.json", "seq_length")}
    assert lengths({"config.json": config | {"max_length": 512}}) == {
        "context_length": (1_000_000, "config.json", "seq_length"),
        "query_length": (512, "config.json", "max_length"),
        "document_length": (512, "config.json", "max_length"),
    }


@pytest.mark.parametrize("name", [SETTINGS, NETWORK, "tokenizer_config.json"])
def test_length_is_not_known_while_one_file_is_not_read(name: str) -> None:
    files = models.BGE_M3 | {NETWORK: {}}
    assert "specs.context_length" in evidence(files).facts
    assert "specs.context_length" not in evidence(files | {name: None}).facts
    assert "specs.context_length" not in evidence(files | {name: b"{"}).facts
