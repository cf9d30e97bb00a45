"""What each kind of edit means for whoever uses a registry: its class, its sentence and its place."""

import json
from pathlib import Path
from typing import Any

import pytest
from generated import valid
from golden import golden, golden_file
from proved import ProvedLock
from strategies import BY_NAME, Tree, plain_model, registry_of

from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_registry
from hypiler.lifecycle.changes import CLASSES, Difference
from hypiler.lifecycle.comparison import compare
from hypiler.schema.evidence import Evidence, PinnedFile
from hypiler.schema.field import ABSENT
from hypiler.schema.own_facts import OwnFacts
from hypiler.schema.requirements import Requirements


def model(**changed: Any) -> Tree:
    """A model with every field but `outputs`, which would have to agree with what a test changes.

    ABSENT as a value leaves a field out. Without a name, nothing is deprecated.
    """
    tree = plain_model(**{name: value for name, value in changed.items() if value is not ABSENT})
    tree.pop("outputs", None)
    if "deprecated" not in changed:
        del tree["deprecated"]
    for name, value in changed.items():
        if value is ABSENT:
            *parents, key = BY_NAME[name.replace("__", ".")].path
            here = tree
            for parent in parents:
                here = here[parent]
            here.pop(key, None)
    return tree


def other(id: str = "other", **changed: Any) -> Tree:
    return model(**{"id": id, "huggingface_id": f"org/{id}", "aliases": [], **changed})


def told(difference: Difference) -> list[tuple[str, str | None, str, str]]:
    return [(", ".join(change.kinds), change.model, change.path, change.message) for change in difference]


def edit(**changed: Any) -> list[tuple[str, str | None, str, str]]:
    """What is told of the edit of one model, without the changes of the registry as a whole."""
    found = told(compare(valid(registry_of(model(), other())), valid(registry_of(model(**changed), other()))))
    return [one for one in found if one[1] is not None]


def lines(found: list[tuple[str, str | None, str, str]]) -> str:
    return "\n".join([f"{kinds} {path or '-'}: {message}" for kinds, _, path, message in found])


EDITS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "document prefix": {"encoding__document_prefix": "x: "},
    "query prefix": {"encoding__query_prefix": "q: "},
    "both prefixes": {"encoding__document_prefix": "d", "encoding__query_prefix": "q"},
    "normalization unknown": {"encoding__normalize": ABSENT},
    "revision": {"revision": "1" * 40},
    "pin gone": {"revision": ABSENT},
    "width": {
        "specs__embedding_dim": 9,
        "architecture__projection_dims": 9,
        "architecture__matryoshka_dims": [3, 9],
    },
    "order of truncation, which only truncated vectors depend on": {"encoding__matryoshka_order": "normalize_truncate"},
    "one more width": {"architecture__matryoshka_dims": [2, 3, 7]},
    "smaller width gone": {"architecture__matryoshka_dims": [7]},
    "type": {"type": "sparse"},
    "repository": {"huggingface_id": "org/moved"},
    "tighter licence": {"license": "CC-BY-NC-4.0"},
    "unknown licence": {"license": "LicenseRef-Own"},
    "other permissive licence": {"license": "Apache-2.0"},
    "choice of licences": {"license": "MIT OR GPL-3.0-only"},
    "prompt gone": {"encoding__prompts": {"other": "text"}, "encoding__tasks": ABSENT},
    "prompt text": {"encoding__prompts": {"key": "new"}},
    "variant gone": {"variants": []},
    "alias gone": {"aliases": []},
    "alias added": {"aliases": ["plain-alias", "second"]},
    "own fact gone": {"extra": {}},
    "own fact retyped": {"extra": {"key": 3}},
    "own fact corrected": {"extra": {"key": "other"}},
    "fact corrected": {"specs__vocab_size": 8},
    "fact gone": {"specs__parameter_count": ABSENT},
    "null instead of a number": {"performance__beir_avg": None},
    "languages": {"capabilities__languages": ["de", "en"]},
    "scores": {"performance__scores": [{"benchmark": "text", "metric": "text", "value": 0.5}] * 1},
    "source gone": {"sources": {}},
    "source elsewhere": {"sources": {"specs.vocab_size": "a book"}},
    "checksum gone": {"files__sha256": {}},
    "checksum changed": {"files__sha256": {"key": "1" * 64}},
    "deprecated": {"deprecated": "use org/other"},
    "description": {"description": "Another text."},
    "hostile text": {"description": "a\x1b[31m\u202e` | <b>@you</b>"},
    "several things": {"license": "GPL-3.0-only", "specs__vocab_size": 8, "encoding__pooling": "cls"},
}


def test_each_edit_has_the_gravest_class_that_fits() -> None:
    """The page has one section per edit; models without the edit are `model()` and `other()`."""
    sections = [f"# {name}\n{lines(edit(**changed)) or 'no change'}\n" for name, changed in EDITS.items()]
    assert "\n".join(sections) == golden_file(Path(__file__).with_name("edits.text"))


def change(old: list[Tree], new: list[Tree]) -> Difference:
    return compare(valid(registry_of(*old)), valid(registry_of(*new)))


REGISTRIES: dict[str, tuple[list[Tree], list[Tree]]] = {
    "rename without the old id": ([model(), other()], [model(), other(id="better", huggingface_id="org/other")]),
    "rename with the old id as an alias": (
        [model(), other()],
        [model(), other(id="better", huggingface_id="org/other", aliases=["other"])],
    ),
    "the old id finds another model": (
        [model(), other()],
        [model(aliases=["plain-alias", "other"], encoding__pooling="cls")],
    ),
    "the old id finds a model of another space": (
        [model(), other(encoding__normalize=False)],
        [model(aliases=["plain-alias", "other"])],
    ),
    "alias at another model": ([model(), other()], [model(aliases=[]), other(aliases=["plain-alias"])]),
    "alias at a model of another space": (
        [model(), other(encoding__normalize=False)],
        [model(aliases=[]), other(aliases=["plain-alias"], encoding__normalize=False)],
    ),
    "rename with the old id as a former id": (
        [model(), other()],
        [model(), other(id="better", huggingface_id="org/other", former_ids=["other"])],
    ),
    "former id gone, of which a warning told": (
        [model(), other(former_ids=["older"])],
        [model(), other()],
    ),
    "alias that becomes a former id": ([model()], [model(aliases=[], former_ids=["plain-alias"])]),
    "model added": ([model()], [model(), other()]),
    "model added at the beginning, with the same repository": (
        [model()],
        [other(huggingface_id="org/name", encoding__pooling="cls"), model()],
    ),
    "model gone": ([model(), other()], [model()]),
    "deprecated model gone": ([model(), other(deprecated="use org/name")], [model()]),
    "only model of a type gone": ([model(), other(type="reranker")], [model()]),
    "another order": ([model(), other()], [other(), model()]),
    "everything gone": ([model(), other()], []),
}


def test_models_that_come_go_and_change_names() -> None:
    sections: list[str] = []
    for name, (old, new) in REGISTRIES.items():
        found = change(old, new)
        end = f"step {found.step}; removed: {', '.join(found.removed) or 'none'}; emptied: {found.emptied}"
        sections.append(f"# {name}\n{lines(told(found))}\n{end}\n")
    assert "\n".join(sections) == golden_file(Path(__file__).with_name("models.text"))


def compiled_with(tree: Tree, **options: Any) -> CheckedRegistry:
    registry = compile_registry([("models.json", json.dumps(tree).encode())], **options)
    assert registry.ok, registry.findings
    return registry


def test_types_that_the_options_of_the_project_decide() -> None:
    tree = registry_of(model(extra={"size": 3, "key": "a"}))
    old = compiled_with(tree, own_facts=OwnFacts({"size": "int", "key": "str"}))
    new = compiled_with(tree, own_facts=OwnFacts({"size": "float"}), required=Requirements(["license"]))
    found = told(compare(old, new))
    assert [one[3] for one in found if one[2].startswith("extra.")] == [
        "the attribute of `extra.size` was `int | None` and is `float | None`",
        "the attribute of `extra.key` is gone: it was `str | None`",
    ]
    assert (
        "breaks-api",
        None,
        "organization",
        "the attribute of `organization` was `str` and is `str | None`",
    ) in found
    back = [one for one in told(compare(new, old)) if one[2] == "organization"]
    assert back == [
        ("added", None, "organization", "the attribute of `organization` was `str | None` and is `str`"),
    ]


def locked(**words: str) -> ProvedLock:
    facts = {name.replace("__", "."): word for name, word in words.items()}
    files = {"model.safetensors": PinnedFile.of("1" * 64)} if words else {}
    return ProvedLock(registry_of(model()), Evidence("0" * 40, facts, files, complete=bool(words)))


def test_evidence_that_is_weaker_or_stronger() -> None:
    tree = registry_of(model())
    strong = compiled_with(tree, lock=locked(specs__embedding_dim="verified", license="copy"))
    weak = compiled_with(tree, lock=locked(specs__embedding_dim="copy", license="copy"))
    assert told(compare(strong, weak)) == [
        ("evidence-weaker", "plain", "lock", "`lock`: `specs.embedding_dim` was verified and is of a copy")
    ]
    found = told(compare(strong, compiled_with(tree)))
    assert ("evidence-weaker", "plain", "lock") in [one[:3] for one in found]
    assert lines([one for one in found if one[0] == "evidence-weaker"]) == golden(
        "evidence-weaker lock: `lock`: `specs.embedding_dim` was verified and is claimed; `license` was of a copy and"
        " is claimed; the sha256 of `model.safetensors` is gone; the files that decide vectors are not all recorded"
        " any more"
    )
    assert [kind for kind, *_ in told(compare(weak, strong))] == ["added"]


def test_a_registry_that_is_written_in_another_way_states_the_same() -> None:
    tree = registry_of(model())
    old = compiled_with(tree)
    new = compile_registry([("models.json", json.dumps(tree, indent=3, sort_keys=True).encode())])
    assert told(compare(old, new)) == [
        ("cosmetic", None, "text", "the text of the registry is another one, and states the same")
    ]


@pytest.mark.parametrize(
    ("version", "changed", "expected"),
    [
        ("1.4", {"license": "GPL-3.0-only"}, ("major", "2.0")),
        ("1.4", {"aliases": ["plain-alias", "b"]}, ("minor", "1.5")),
        ("1.4", {"specs__vocab_size": 8}, ("patch", "1.5")),
        ("1.4.2", {"specs__vocab_size": 8}, ("patch", "1.4.3")),
        ("0.4", {"license": "GPL-3.0-only"}, ("major", "0.5")),
        ("0.4.1", {"license": "GPL-3.0-only"}, ("major", "0.5.0")),
        ("0.4.1", {"aliases": ["plain-alias", "b"]}, ("minor", "0.4.2")),
        ("0.4.1", {}, ("none", None)),
    ],
)
def test_the_version_that_the_changes_ask_for(version: str, changed: Tree, expected: tuple[str, str | None]) -> None:
    old, new = registry_of(model()) | {"version": version}, registry_of(model(**changed)) | {"version": "9.0"}
    found = compare(valid(old), valid(new))
    assert (found.step, found.next_version) == expected


def test_a_change_stands_at_its_value_and_a_missing_one_at_the_object_around_it() -> None:
    tree = registry_of(model(license="GPL-3.0-only", specs__parameter_count=ABSENT))
    new = compile_registry([("new.json", json.dumps(tree, indent=1).encode())])
    old = valid(registry_of(model()))
    text = new.sources[0].text.split("\n")
    found = {change.path: change for change in compare(old, new)}
    at = found["license"]
    assert (at.file, text[at.line - 1][at.column - 1 :]) == ("new.json", '"GPL-3.0-only",')
    gone = found["specs.parameter_count"]
    assert text[gone.line - 1][gone.column - 1 :] == "{"
    assert text[gone.line - 1].strip().startswith('"specs"')


def test_a_registry_with_errors_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a registry with errors cannot be compared: models\.json$"):
        compare(valid(registry_of(model())), compile_registry([("models.json", b"{}")]))


def test_every_class_is_provoked_by_one_of_the_edits() -> None:
    folder = Path(__file__).parent
    text = "".join([(folder / name).read_text("utf-8") for name in ("edits.text", "models.text")])
    assert {kind for kind in CLASSES if f"\n{kind} " in text or f"\n{kind}, " in text} == {*CLASSES}
