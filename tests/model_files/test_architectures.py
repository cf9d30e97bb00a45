"""Sizes of networks, each family by its own names for them."""

from typing import Any

import model_files.models as models
import pytest
from golden import golden
from model_files.models import evidence, place, values

from hypiler.model_files.extract import FileFact, Problem

PATHS = ("architecture.type", "specs.hidden_dim", "specs.max_position_embeddings", "specs.vocab_size")
HIDDEN, POSITIONS, WORDS = "hidden_size", "max_position_embeddings", "vocab_size"
# The type, and each size with its key.
FAMILIES: dict[str, tuple[str, tuple[Any, str], tuple[Any, str] | None, tuple[Any, str] | None]] = {
    "BGE_M3": ("xlm-roberta", (1024, HIDDEN), (8194, POSITIONS), (250002, WORDS)),
    "BGE_RERANKER": ("xlm-roberta", (768, HIDDEN), (514, POSITIONS), (250002, WORDS)),
    "STELLA": ("qwen2", (1536, HIDDEN), (131072, POSITIONS), (151646, WORDS)),
    "JASPER": ("qwen3", (1024, HIDDEN), (32768, POSITIONS), (151669, WORDS)),
    "DISTILBERT": ("distilbert", (768, "dim"), (512, POSITIONS), (30522, WORDS)),
    "NOMIC": ("nomic_bert", (768, "n_embd"), (8192, "n_positions"), (30528, WORDS)),
    "GTE": ("new", (768, HIDDEN), (8192, POSITIONS), (250048, WORDS)),
    "MODERNBERT": ("modernbert", (768, HIDDEN), (8192, POSITIONS), (50368, WORDS)),
    "MT5": ("mt5", (512, "d_model"), (None, "model_type"), (250112, WORDS)),
    "CHRONOS": ("t5", (512, "d_model"), (None, "model_type"), (2, WORDS)),
    "COLPALI_MERGED": (
        "paligemma",
        (2048, "text_config.hidden_size"),
        (8192, f"text_config.{POSITIONS}"),
        (257216, "text_config.vocab_size"),
    ),
    "COLPALI": (
        "colpali",
        (2048, "vlm_config.text_config.hidden_size"),
        (8192, f"vlm_config.text_config.{POSITIONS}"),
        (257216, "vlm_config.text_config.vocab_size"),
    ),
    "MODEL2VEC": ("model2vec", (1024, "hidden_dim"), (None, "architectures"), None),
    "STANFORD": ("bert", (768, HIDDEN), (512, POSITIONS), (30522, WORDS)),
    "PYLATE": ("bert", (384, HIDDEN), (512, POSITIONS), (30524, WORDS)),
    "SPLADE": ("bert", (128, HIDDEN), (512, POSITIONS), (30522, WORDS)),
}


def test_every_model_is_compared() -> None:
    assert FAMILIES.keys() == models.ALL.keys()


@pytest.mark.parametrize("name", FAMILIES)
def test_family_is_read_by_its_own_names(name: str) -> None:
    found = evidence(models.ALL[name])
    told = {path: place(found, path) for path in PATHS if path in found.facts}
    type, *sizes = FAMILIES[name]
    expected = zip(PATHS, [(type, "model_type"), *sizes], strict=True)
    assert told == {path: (size[0], "config.json", size[1]) for path, size in expected if size}
    assert found.problems == []


def note(files: dict[str, Any], path: str) -> str:
    return evidence(files).facts[path].note


def test_notes_tell_of_the_numbers_that_were_not_taken() -> None:
    path = "specs.max_position_embeddings"
    assert note(models.NOMIC, path) == golden("max_position_embeddings is 2048")
    assert note(models.CHRONOS, path) == golden("no position table; n_positions 512 is not used")
    assert note(models.MT5, path) == golden("no position table")
    assert note(models.STANFORD, path) == ""


SIGLIP: dict[str, Any] = {
    "architectures": ["SiglipModel"],
    "model_type": "siglip",
    "text_config": {"model_type": "siglip_text_model", "hidden_size": 1152},
    "vision_config": {"model_type": "siglip_vision_model", "hidden_size": 1152},
}
CLIP: dict[str, Any] = {
    "architectures": ["CLIPModel"],
    "model_type": "clip",
    "projection_dim": 768,
    "text_config": {"model_type": "clip_text_model", "projection_dim": 512, "vocab_size": 49408},
    "vision_config": {"model_type": "clip_vision_model"},
}


def test_network_within_another_has_the_defaults_of_its_class() -> None:
    found = evidence({"config.json": SIGLIP})
    assert place(found, "specs.hidden_dim") == (1152, "config.json", "text_config.hidden_size")
    assert place(found, "specs.vocab_size") == (32000, "config.json", "text_config.vocab_size")
    assert place(found, "specs.max_position_embeddings") == (64, "config.json", "text_config.max_position_embeddings")
    path = "specs.vocab_size"
    assert note({"config.json": SIGLIP}, path) == golden("the default of siglip_text_model in transformers")
    # The configuration of a model alone is written with its numbers: one that is missing is unknown.
    assert path not in evidence({"config.json": SIGLIP["text_config"]}).facts


def test_model_that_compares_texts_with_images_has_one_width() -> None:
    assert place(evidence({"config.json": SIGLIP}), "specs.embedding_dim") == (
        1152,
        "config.json",
        "text_config.hidden_size",
    )
    assert place(evidence({"config.json": CLIP}), "specs.embedding_dim") == (768, "config.json", "projection_dim")
    other = CLIP | {"architectures": ["CLIPVisionModel"]}
    assert "specs.embedding_dim" not in evidence({"config.json": other}).facts


def config(**changes: Any) -> dict[str, Any]:
    return {"config.json": models.STANFORD["config.json"] | changes}


@pytest.mark.parametrize("value", [None, 0, -1, True, 768.0, "768", [768], {}, 10**30])
def test_number_of_another_kind_is_not_taken(value: Any) -> None:
    found = evidence(config(hidden_size=value))
    assert "specs.hidden_dim" not in found.facts
    assert values(found)["specs.vocab_size"] == 30522
    assert found.problems == []


@pytest.mark.parametrize("key", ["hidden_size", "vocab_size"])
def test_number_that_no_model_can_have_makes_the_file_faulty(key: str) -> None:
    found = evidence(config(**{key: 2**53}))
    path = {"hidden_size": "hidden_dim"}.get(key, key)
    told = f"`specs.{path}` must be at most 9007199254740991, got 9007199254740992"
    assert (found.problems, found.facts, found.encoder_type) == ([Problem("config.json", told)], {}, None)


FAULTY: dict[str, tuple[bytes, str]] = {
    "empty": (
        b"",
        "line 1, column 1: the file must hold a JSON value; found an empty file: the file is cut off, download it again",
    ),
    "cut off": (
        b'{"model_type": "be',
        'line 1, column 19: the string opened on line 1, column 16 must be closed with `"`; found the end of the file: '
        "the file is cut off, download it again",
    ),
    "an answer of the hub": (
        b"Entry not found",
        "the file is an error message of a server, not the file itself: download it again",
    ),
    "an answer of a storage": (
        b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
        "the file is an error message of a server, not the file itself: download it again",
    ),
    "zero bytes": (bytes(8), "the file has only zero bytes: download it again"),
    "list": (b"[]", "the file must hold a JSON object"),
    "null": (b"null", "the file must hold a JSON object"),
    "key twice": (
        b'{"a": 1, "a": 2}',
        "line 1, column 10: the key `a` must stand only once in an object; found it on line 1 already",
    ),
    "key twice with 1 and true": (
        b'{"a": {"b": 1, "b": true}}',
        "line 1, column 16: the key `b` must stand only once in an object; found it on line 1 already",
    ),
    "byte order mark": (
        b"\xef\xbb\xbf{}",
        "line 1, column 1: the file must not start with a byte order mark; found one",
    ),
    "too deep": (
        b"[" * 10_000,
        "line 1, column 101: lists and objects must be nested at most 100 deep; found a deeper one",
    ),
    "too large": (b" " * ((16 << 20) + 1), "the file must have at most 16 MiB; found more"),
    "HTML": (
        b"\n<!DOCTYPE html>",
        "the file is a web page (HTML), not the file itself: download it from `/resolve/`, not from `/blob/`",
    ),
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "the file is a Git LFS pointer, not the file itself: run `git lfs pull`, or download it",
    ),
}


@pytest.mark.parametrize(("data", "message"), FAULTY.values(), ids=FAULTY)
def test_faulty_file_says_nothing(data: bytes, message: str) -> None:
    found = evidence({"config.json": data, "README.md": b"---\nlicense: mit\n---\n"})
    assert found.problems == [Problem("config.json", message)]
    assert list(found.facts) == ["license"]


@pytest.mark.parametrize(
    "data",
    [
        b'{"hidden_size": 8, "a": NaN, "b": [Infinity, -Infinity], "c": 1e999, "d": 1000000000000000000000}',
        b'{"hidden_size": 8, "hidden_size": 8}',
        b'{"hidden_size": 4, "hidden_size": 4, "a": {"b": [1, 2.5], "b": [1, 2.5]}, "hidden_size": 4}'.replace(
            b"4", b"8"
        ),
        b'{"torch_dtype": "float32", "torch_dtype": "float16", "hidden_size": 8}',
        b'{\r\n  "hidden_size": 8\r\n}\r\n',
    ],
    ids=["not finite", "key twice", "keys twice", "key that changes no vector", "CRLF"],
)
def test_what_the_libraries_read_is_read(data: bytes) -> None:
    found = evidence({"config.json": data})
    assert (found.problems, values(found)["specs.hidden_dim"]) == ([], 8)


def test_file_that_was_not_read_is_no_problem_and_no_evidence() -> None:
    found = evidence({"config.json": None, "modules.json": None})
    assert (found.problems, list(found.facts)) == ([], [])


def test_hostile_keys_are_passed_over() -> None:
    found = evidence(config(_attn_implementation_internal="evil/repo", trust_remote_code=True))
    assert found.facts == evidence(config()).facts
    assert found.remote_code == ()


def test_modalities_are_those_that_the_files_show() -> None:
    assert evidence(models.STANFORD).facts["capabilities.modalities"] == FileFact(
        ["text"], "config.json", "vocab_size", "no configuration of another input"
    )
    assert place(evidence(models.COLPALI), "capabilities.modalities") == (
        ["text", "image"],
        "config.json",
        "vlm_config.vision_config",
    )
    assert "capabilities.modalities" not in evidence(models.CHRONOS).facts


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["text"], ["text"]),
        (["text", "image", "image+text", "message"], ["text", "image"]),
        (["image,text"], ["text", "image"]),
    ],
)
def test_modalities_of_sentence_transformers_are_taken_as_stated(keys: list[str], expected: list[str]) -> None:
    network = {"modality_config": {key: {"method": "forward"} for key in keys}}
    found = place(evidence(models.SPLADE | {"sentence_bert_config.json": network}), "capabilities.modalities")
    assert found == (expected, "sentence_bert_config.json", "modality_config")


def matryoshka(**changes: Any) -> dict[str, Any]:
    files = models.BGE_M3 | {"config.json": models.BGE_M3["config.json"] | changes}
    return {path: fact for path, fact in evidence(files).facts.items() if "matryoshka" in path}


def test_matryoshka_widths_are_those_of_the_configuration() -> None:
    widths = [32, 64, 128, 256, 512, 768, 1024]
    key = ("config.json", "matryoshka_dimensions")
    assert matryoshka(matryoshka_dimensions=widths) == {
        "architecture.matryoshka_dims": FileFact(widths, *key),
        "capabilities.matryoshka": FileFact(True, *key),
    }
    # As snowflake-arctic-embed-l-v2.0 has it.
    assert matryoshka(matryoshka_dimensions=[256])["architecture.matryoshka_dims"] == FileFact(
        [256, 1024], *key, "plus the full width"
    )


def test_matryoshka_is_not_guessed() -> None:
    assert matryoshka() == {}
    assert matryoshka(matryoshka_dimensions=[], is_matryoshka=False) == {}
    assert matryoshka(is_matryoshka=True) == {"capabilities.matryoshka": FileFact(True, "config.json", "is_matryoshka")}
    assert list(matryoshka(matryoshka_dimensions=[2048])) == ["capabilities.matryoshka"]
