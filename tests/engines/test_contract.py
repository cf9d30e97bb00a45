"""What the registry and the files say together: who decides, and what is an error."""

from pathlib import Path
from typing import Any

import pytest
from generated import valid
from golden import golden
from strategies import registry_of
from tiny import WIDTH, WORDS, config_of, entry, write_tiny

from hypiler.engines import EngineError, MismatchError, UnknownFactError
from hypiler.engines.contract import Contract, make_contract
from hypiler.engines.layout import read_layout

DENSE = [{"type": "sentence_transformers.models.Transformer", "path": ""}] + [
    {"type": f"sentence_transformers.models.{name}", "path": name} for name in ("Pooling", "Normalize")
]
MEAN = {"Pooling/config": {"pooling_mode": "mean"}}


def contract_of(place: Path, files: dict[str, Any], **changes: Any) -> Contract:
    return make_contract(config_of(place, **changes), read_layout(write_tiny(place / "model", **files)), {})


def folder_of(place: Path, name: str) -> Path:
    (place / name).mkdir()
    return place / name


def test_files_say_what_the_registry_leaves_out(tmp_path: Path) -> None:
    files = {
        "modules": DENSE,
        "config_sentence_transformers": {"prompts": {"query": "q: ", "document": "d: "}, "similarity_fn_name": "dot"},
        "sentence_bert_config": {"max_seq_length": 32},
    }
    unsaid = dict.fromkeys(["query_prefix", "document_prefix", "pooling", "normalize", "similarity"])
    assert contract_of(tmp_path, files | MEAN, encoding=unsaid) == Contract(
        id="tiny",
        encoder_type="dense",
        dimension=WIDTH,
        embedding_dim=WIDTH,
        pooling="mean",
        normalize=True,
        matryoshka_order="truncate_normalize",
        similarity="dot",
        precisions=(),
        query_prefix="q: ",
        document_prefix="d: ",
        query_length=32,
        document_length=32,
    )


@pytest.mark.parametrize(
    ("fact", "stated", "files", "held"),
    [
        ("pooling", "cls", {"modules": DENSE} | MEAN, "mean"),
        ("normalize", False, {"modules": DENSE} | MEAN, True),
        ("normalize", True, {"modules": DENSE[:2]} | MEAN, False),
        ("pooling", "mean", {"modules": DENSE, "Pooling/config": {"pooling_mode": ["mean", "max"]}}, "mean+max"),
        ("query_prefix", "find: ", {"config_sentence_transformers": {"prompts": {"query": "q: "}}}, "q: "),
        ("query_prefix", "", {"config_sentence_transformers": {"prompts": {"query": "q: "}}}, "q: "),
        ("document_prefix", "a", {"config_sentence_transformers": {"prompts": {"passage": "p: "}}}, "p: "),
        ("similarity", "cosine", {"config_sentence_transformers": {"similarity_fn_name": "dot"}}, "dot"),
    ],
)
def test_registry_and_files_that_disagree_are_both_named(
    fact: str, stated: object, files: dict[str, Any], held: object, tmp_path: Path
) -> None:
    with pytest.raises(MismatchError) as caught:
        contract_of(tmp_path, files, encoding={fact: stated})
    assert str(caught.value) == golden(
        f"`encoding.{fact}` of `tiny` is {stated!r} in the registry and {held!r} in the model's files"
        f" ({tmp_path / 'model'}): one of them is wrong"
    )


@pytest.mark.parametrize("prompts", [{"query": "", "document": ""}, {"query": " "}, {}])
def test_empty_prompt_that_a_library_writes_disagrees_with_nothing(prompts: Any, tmp_path: Path) -> None:
    files = {"config_sentence_transformers": {"prompts": prompts}}
    contract = contract_of(tmp_path, files, encoding={"query_prefix": "q: "})
    assert contract.query_prefix == "q: "


def test_spaces_around_a_marker_do_not_disagree(tmp_path: Path) -> None:
    files = {"config_sentence_transformers": {"prompts": {"query": "[Q] "}}}
    assert contract_of(tmp_path, files, encoding={"query_prefix": "[Q]"}).query_prefix == "[Q]"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"encoding": {"pooling": "none"}},
            golden(
                "`encoding.pooling` of `tiny` must be cls or mean or max or last_token or mean_sqrt_len or weighted_mean for"
                " a model of type `dense`; it is 'none'"
            ),
        ),
        (
            {"encoding": {"similarity": "max_sim"}},
            golden(
                "`encoding.similarity` of `tiny` must be cosine or dot or euclidean or manhattan for a model of type"
                " `dense`; it is 'max_sim'"
            ),
        ),
        (
            {"type": "sparse"},
            golden("`encoding.similarity` of `tiny` must be dot for a model of type `sparse`; it is 'cosine'"),
        ),
        (
            {"type": "colbert", "capabilities": {"multi_vector": True}},
            golden("`encoding.similarity` of `tiny` must be max_sim for a model of type `colbert`; it is 'cosine'"),
        ),
    ],
)
def test_fact_that_does_not_go_with_the_type_is_refused(changes: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        contract_of(tmp_path, {}, **changes)
    assert str(caught.value) == message


def test_files_may_join_several_poolings_for_which_a_registry_has_no_word(tmp_path: Path) -> None:
    files = {"modules": DENSE, "Pooling/config": {"pooling_mode": ["cls", "max"]}}
    contract = contract_of(folder_of(tmp_path, "files"), files, encoding={"pooling": None})
    assert contract.pooling == "cls+max"
    with pytest.raises(EngineError, match=r" is 'max' in the registry and 'cls\+max' in the model's files "):
        contract_of(folder_of(tmp_path, "registry"), files, encoding={"pooling": "max"})
    unknown = files | {"Pooling/config": {"pooling_mode": ["cls", "attention"]}}
    with pytest.raises(EngineError, match=r"; it is 'cls\+attention'$"):
        contract_of(folder_of(tmp_path, "unknown"), unknown, encoding={"pooling": None})


@pytest.mark.parametrize(("type", "similarity"), [("sparse", "dot"), ("colbert", "max_sim"), ("reranker", "")])
def test_similarity_of_which_there_is_one_goes_without_saying(type: str, similarity: str, tmp_path: Path) -> None:
    capabilities = {"multi_vector": type == "colbert"}
    contract = contract_of(
        tmp_path, {}, type=type, capabilities=capabilities, encoding={"similarity": None, "pooling": None}
    )
    assert contract.similarity == similarity


def test_mean_of_similarities_is_not_the_sum(tmp_path: Path) -> None:
    files = {"config_sentence_transformers": {"similarity_fn_name": "meanmaxsim"}}
    encoding = {"similarity": None, "pooling": "none"}
    with pytest.raises(EngineError, match=r" must be max_sim for a model of type `colbert`; it is 'meanmaxsim'$"):
        contract_of(tmp_path, files, type="colbert", capabilities={"multi_vector": True}, encoding=encoding)


@pytest.mark.parametrize(
    ("encoding", "files", "lengths"),
    [
        ({"query_length": 16, "document_length": 48}, {"sentence_bert_config": {"max_seq_length": 32}}, (16, 48)),
        ({"query_length": 16}, {"sentence_bert_config": {"max_seq_length": 32}}, (16, 32)),
        ({"query_length": 16}, {}, (16, 64)),
    ],
)
def test_length_is_the_registrys_the_files_or_what_the_model_takes(
    encoding: Any, files: Any, lengths: tuple[int, int], tmp_path: Path
) -> None:
    contract = contract_of(tmp_path, files, encoding=encoding)
    assert (contract.query_length, contract.document_length) == lengths


def test_several_vectors_of_a_type_of_ones_own_are_late_interaction(tmp_path: Path) -> None:
    encoding = {"pooling": "none", "similarity": None}
    changes: dict[str, Any] = {"type": "my-type", "capabilities": {"multi_vector": True}, "encoding": encoding}
    assert contract_of(tmp_path, {}, **changes).encoder_type == "multi_vector"


def test_configuration_of_another_network_is_refused(tmp_path: Path) -> None:
    files = {"config": {"hidden_size": WIDTH, "vocab_size": len(WORDS) + 1}}
    with pytest.raises(
        MismatchError, match=r"^`specs.vocab_size` of `tiny` is 16 in the registry and 17 in config.json"
    ):
        contract_of(tmp_path, files)


@pytest.mark.parametrize("type", ["dense", "static", "colbert", "sparse", "reranker"])
def test_facts_that_check_asks_for_are_those_that_load_needs(tmp_path: Path, type: str) -> None:
    facts = ("pooling", "normalize", "similarity", "query_prefix", "document_prefix")
    stated: dict[str, Any] = {"pooling": "mean", "normalize": True, "query_prefix": "", "document_prefix": ""}
    stated["similarity"] = {"colbert": "max_sim", "sparse": "dot"}.get(type, "cosine")
    changes: dict[str, dict[str, Any]] = {
        "colbert": {"capabilities": {"multi_vector": True}},
        "sparse": {"specs": {"embedding_dim": len(WORDS)}, "architecture": {"matryoshka_dims": [len(WORDS)]}},
    }
    if type == "colbert":
        stated["pooling"] = "none"
    needed: set[str] = set()
    for number, fact in enumerate(facts):
        encoding = stated | {fact: None}
        place = tmp_path / str(number)
        place.mkdir()
        try:
            contract_of(place, {}, type=type, encoding=encoding, **changes.get(type, {}))
        except UnknownFactError:
            needed.add(fact)
        noted = valid(registry_of(entry(type=type, encoding=encoding, **changes.get(type, {})))).findings
        assert [finding.code for finding in noted] == ["M218"] * (fact in needed)
    assert needed or type == "reranker"
