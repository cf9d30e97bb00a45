"""Registries that stand on others: what is merged, who states what, and what does not fit."""

import json
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from jsonschema import Draft202012Validator
from strategies import plain_model

from hypiler.emit.json_schema import json_schema
from hypiler.model_files.facts import FileFact
from hypiler.registry import Registry
from hypiler.schema.requirements import Requirements
from hypiler.verification.lockfile import LockedFile, LockEntry, write_lock

COMMIT = "1" * 40


def model(id: str, **facts: Any) -> dict[str, Any]:
    """The core of a model, and further facts."""
    core = {"type": "dense", "name": id.upper(), "huggingface_id": f"org/{id}", "specs": {"embedding_dim": 8}}
    return {"id": id, **core, **facts}


def file(*models: dict[str, Any], extends: tuple[str, ...] = (), **parts: Any) -> dict[str, Any]:
    return {"version": "1.0", **({"extends": [*extends]} if extends else {}), "models": [*models], **parts}


def load(folder: Path, files: dict[str, Any], name: str = "models.json", **options: Any) -> Registry:
    """The registry in one of these files."""
    for path, tree in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(tree if isinstance(tree, str) else json.dumps(tree, indent=1))
    return Registry.load(folder / name, **({"required": "core"} | options))


def found(registry: Registry) -> list[tuple[str, str, str]]:
    """Code, file and place of each finding."""
    return [(one.code, Path(one.file).name, one.json_path) for one in registry.findings]


def over(folder: Path, *overrides: dict[str, Any], base: tuple[dict[str, Any], ...], **parts: Any) -> Registry:
    """A registry that overrides facts of a base."""
    files = {"base.json": file(*base), "models.json": file(extends=("./base.json",), overrides=[*overrides], **parts)}
    return load(folder, files)


# ---- what is merged


def test_models_of_lower_layers_come_first_and_facts_of_upper_ones_count(tmp_path: Path) -> None:
    files = {
        "base.json": file(model("a"), model("b")),
        "models.json": file(
            model("c"),
            extends=("./base.json",),
            overrides=[{"id": "a", "name": "Ours", "specs": {"embedding_dim": 4}}],
            hidden=["b"],
        ),
    }
    registry = load(tmp_path, files)
    assert (registry.findings, registry.ids, registry.layers) == ([], ("a", "c"), ("./base.json", "project"))
    assert (registry["a"].name, registry["a"].embedding_dim, registry["a"].model_type) == ("Ours", 4, "dense")
    assert {id: (one.layer, one.line) for id, one in registry.hidden.items()} == {"b": ("project", 27)}


@pytest.mark.parametrize("name", ["a", "other-a", "older-a", "org/a"])
def test_an_override_and_a_hidden_name_may_be_an_alias_or_a_repository(tmp_path: Path, name: str) -> None:
    base = (model("a", aliases=["other-a"], former_ids=["older-a"]), model("b"))
    registry = over(tmp_path, {"id": name, "name": "Ours"}, base=base)
    assert (registry.findings, registry["a"].name) == ([], "Ours")
    assert over(tmp_path, base=base, hidden=[name]).ids == ("b",)


def test_lists_are_replaced_and_names_merge(tmp_path: Path) -> None:
    base = model(
        "a",
        capabilities={"languages": ["en", "de"]},
        extra={"kept": 1, "changed": 1, "gone": 1},
        encoding={"prompts": {"kept": "k: ", "changed": "c: "}},
    )
    change = {
        "id": "a",
        "capabilities": {"languages": ["fr"]},
        "extra": {"changed": 2, "gone": None, "new": 3},
        "encoding": {"prompts": {"changed": "x: "}},
    }
    registry = over(tmp_path, change, base=(base,))
    assert registry.findings == []
    assert registry["a"].languages == ("fr",)
    assert dict(registry["a"].extra) == {"kept": 1, "changed": 2, "new": 3}
    assert dict(registry["a"].prompts) == {"kept": "k: ", "changed": "x: "}


def test_null_withdraws_an_optional_fact_and_is_a_value_where_null_is_one(tmp_path: Path) -> None:
    base = model(
        "a",
        license="MIT",
        performance={"beir_avg": 0.5, "ms_marco_mrr10": 0.5},
        performance_hints={"batch_size_optimal": 8},
    )
    change = {"id": "a", "license": None, "performance": {"beir_avg": None}, "performance_hints": None}
    registry = over(tmp_path, change, base=(base,))
    assert registry.findings == []
    one = registry["a"]
    assert (one.license, one.beir_avg, one.ms_marco_mrr10, one.batch_size_optimal) == (None, None, 0.5, None)
    assert registry.entry("a").tree["performance"] == {"beir_avg": None, "ms_marco_mrr10": 0.5}


def test_withdrawing_a_required_fact_is_an_error_at_the_override(tmp_path: Path) -> None:
    registry = over(tmp_path, {"id": "a", "specs": {"embedding_dim": None}}, base=(model("a"),))
    assert found(registry) == [("M101", "models.json", "$.overrides[0].specs.embedding_dim")]


def test_a_model_moves_to_a_source_by_an_override(tmp_path: Path) -> None:
    registry = over(tmp_path, {"id": "a", "huggingface_id": None, "source": {"ollama": "a:v1"}}, base=(model("a"),))
    assert (registry.findings, registry["a"].source_ollama, registry["a"].huggingface_id) == ([], "a:v1", None)


def test_a_layer_that_hides_a_model_may_add_another_one_of_its_id(tmp_path: Path) -> None:
    registry = load(
        tmp_path,
        {
            "base.json": file(model("a"), model("b")),
            "models.json": file(model("a", name="Mine"), extends=("./base.json",), hidden=["a"]),
        },
    )
    assert (registry.findings, registry.ids, registry["a"].name) == ([], ("b", "a"), "Mine")


# ---- sources


SOURCED = model("a", license="MIT", specs={"embedding_dim": 8, "hidden_dim": 16, "vocab_size": 99})


def test_no_source_stands_under_a_value_that_it_did_not_show(tmp_path: Path) -> None:
    base = SOURCED | {"sources": {"specs": "config.json", "license": "the card", "specs.vocab_size": "tokenizer.json"}}
    change = {"id": "a", "license": "Apache-2.0", "specs": {"hidden_dim": 32}}
    registry = over(tmp_path, change, base=(base,))
    assert dict(registry["a"].sources) == {"specs.vocab_size": "tokenizer.json", "specs.embedding_dim": "config.json"}
    origin = registry.origin("a", "specs.hidden_dim")
    assert origin is not None
    assert (origin.layer, origin.source, origin.value) == ("project", None, 32)
    kept = registry.origin("a", "specs.embedding_dim")
    assert kept is not None
    assert (kept.layer, kept.source, kept.value) == ("./base.json", "config.json", 8)


def test_the_source_of_a_section_in_an_override_is_that_of_the_facts_that_it_states(tmp_path: Path) -> None:
    change = {"id": "a", "specs": {"hidden_dim": 32}, "sources": {"specs": "measured"}}
    registry = over(tmp_path, change, base=(SOURCED | {"sources": {"specs": "config.json"}},))
    assert dict(registry["a"].sources) == {
        "specs.embedding_dim": "config.json",
        "specs.vocab_size": "config.json",
        "specs.hidden_dim": "measured",
    }


def test_an_override_may_state_sources_alone(tmp_path: Path) -> None:
    base = SOURCED | {"sources": {"license": "the card", "name": "the card"}}
    registry = over(tmp_path, {"id": "a", "sources": {"license": "their lawyer", "name": None}}, base=(base,))
    assert (registry.findings, dict(registry["a"].sources)) == ([], {"license": "their lawyer"})
    origin = registry.origin("a", "license")
    assert origin is not None
    assert (origin.layer, origin.source) == ("./base.json", "their lawyer")


def test_a_wrong_source_is_found_where_it_is_stated_even_if_it_was_written_out(tmp_path: Path) -> None:
    base = SOURCED | {"sources": {"specs": {"url": "no address"}}}
    registry = over(tmp_path, {"id": "a", "specs": {"hidden_dim": 32}}, base=(base,))
    assert {*found(registry)} == {("M113", "base.json", "$.models[0].sources.specs.url")}


# ---- who states what


def test_the_chain_goes_from_the_value_that_counts_to_the_first_one(tmp_path: Path) -> None:
    files = {
        "base.json": file(model("a", license="MIT", sources={"license": "the card"})),
        "team.json": file(extends=("./base.json",), overrides=[{"id": "a", "license": None}]),
        "models.json": file(extends=("./team.json",), overrides=[{"id": "a", "license": "Apache-2.0"}]),
    }
    registry = load(tmp_path, files)
    assert registry.findings == []
    chain = registry.chain("a", "license")
    assert [(one.layer, one.value, one.source, one.withdrawn) for one in chain] == [
        ("project", "Apache-2.0", None, False),
        ("./team.json", None, None, True),
        ("./base.json", "MIT", "the card", False),
    ]
    assert [(Path(one.file).name, one.line) for one in chain] == [
        ("models.json", 10),
        ("team.json", 10),
        ("base.json", 12),
    ]
    assert [one.layer for one in registry.chain("a")] == ["project", "./team.json", "./base.json"]
    assert registry.chain("a", "organization") == ()
    team = Registry.load(tmp_path / "team.json", required="core")
    assert (team.origin("a", "license"), len(team.chain("a", "license"))) == (None, 2)


def test_the_chain_of_a_registry_without_layers_is_its_origin(tmp_path: Path) -> None:
    registry = load(tmp_path, {"models.json": file(model("a"))})
    assert registry.chain("a", "name") == (registry.origin("a", "name"),)
    assert (registry.layers, dict(registry.hidden)) == (("project",), {})


# ---- findings


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"specs": {"embedding_dim": "8"}}, "$.overrides[0].specs.embedding_dim"),
        ({"specs": {"embeding_dim": 8}}, "$.overrides[0].specs.embeding_dim"),
        ({"specs": 8}, "$.overrides[0].specs"),
        ({"extra": {"x": {}}}, "$.overrides[0].extra.x"),
        ({"variants": [{"id": "v"}]}, "$.overrides[0].variants[0]"),
        ({"sources": {"specs.embeding_dim": "x"}}, '$.overrides[0].sources["specs.embeding_dim"]'),
        ({"sources": 7}, "$.overrides[0].sources"),
        ({"performance": {"beir_avg": 7}}, "$.overrides[0].performance.beir_avg"),
    ],
)
def test_a_wrong_value_of_an_override_is_found_in_the_override(
    tmp_path: Path, change: dict[str, Any], place: str
) -> None:
    registry = over(tmp_path, {"id": "a", **change}, base=(model("a"),))
    assert [(file, path) for _, file, path in found(registry)] == [("models.json", place)]


def test_facts_that_do_not_fit_are_found_at_the_layer_that_can_mend_it(tmp_path: Path) -> None:
    base = model("a", architecture={"matryoshka_dims": [4, 8]})
    registry = over(tmp_path, {"id": "a", "specs": {"embedding_dim": 6}}, base=(base,))
    assert {*found(registry)} == {("M206", "models.json", "$.overrides[0].specs.embedding_dim")}


def test_errors_of_a_base_are_shown_with_its_file_and_its_warnings_are_not(tmp_path: Path) -> None:
    files = {
        "base.json": file(model("a", performance={"beir_avg": 0}), model("b", license="No-Such")),
        "models.json": file(model("c", performance={"beir_avg": 0}), extends=("./base.json",)),
    }
    place = ("models.json", "$.models[0].performance.beir_avg")
    assert found(load(tmp_path, files)) == [("M212", *place), ("M222", *place)]
    files["base.json"]["models"][0]["specs"] = {"embedding_dim": -1}
    assert ("M106", "base.json", "$.models[0].specs.embedding_dim") in found(load(tmp_path, files))


def test_a_fact_that_the_project_requires_and_the_base_does_not_state(tmp_path: Path) -> None:
    files = {"base.json": file(model("a")), "models.json": file(extends=("./base.json",))}
    (finding,) = load(tmp_path, files, required=["license"]).findings
    assert (finding.code, Path(finding.file).name, finding.json_path) == ("M101", "base.json", "$.models[0].license")
    assert finding.help == golden("state the fact in an override, or let `required` ask for less")


NAMES = [
    (model("a"), golden("id `a` is the id of a model (org/a) in layer `./base.json`"), "$.models[0].id"),
    (model("other"), golden("id `other` is an alias of `a` in layer `./base.json`"), "$.models[0].id"),
    (model("old"), golden("id `old` is a former id of `a` in layer `./base.json`"), "$.models[0].id"),
    (model("b-c"), golden("id `b-c` becomes `B_C`, and so does id `b.c` of layer `./base.json`"), "$.models[0].id"),
    (
        model("d", aliases=["e", "a"]),
        golden("alias `a` is the id of a model in layer `./base.json`"),
        "$.models[0].aliases[1]",
    ),
]


@pytest.mark.parametrize(("own", "message", "place"), NAMES)
def test_a_name_of_a_lower_layer_cannot_be_taken(tmp_path: Path, own: Any, message: str, place: str) -> None:
    base = file(model("a", aliases=["other"], former_ids=["old"]), model("b.c"))
    registry = load(tmp_path, {"base.json": base, "models.json": file(own, extends=("./base.json",))})
    assert [(one.code, one.json_path, one.message) for one in registry.findings] == [("M251", place, message)]


def test_an_alias_of_an_override_cannot_be_the_id_of_another_model(tmp_path: Path) -> None:
    registry = over(tmp_path, {"id": "a", "aliases": ["b"]}, base=(model("a"), model("b")))
    assert found(registry) == [("M251", "models.json", "$.overrides[0].aliases[0]")]


def test_one_layer_that_repeats_an_id_is_told_so_as_ever(tmp_path: Path) -> None:
    files = {"base.json": file(model("a")), "models.json": file(model("b"), model("b"), extends=("./base.json",))}
    (finding,) = load(tmp_path, files).findings
    assert (finding.code, finding.json_path) == ("M201", "$.models[1].id")
    assert finding.message.endswith(" $.models[0]`")


class TestTwoBases:
    """Two layers that do not know each other."""

    @staticmethod
    def load(folder: Path, one: dict[str, Any], two: dict[str, Any], **parts: Any) -> Registry:
        own = file(extends=("./one.json", "./two.json"), **parts)
        return load(folder, {"one.json": file(one), "two.json": file(two), "models.json": own})

    def test_equal_models_are_no_conflict(self, tmp_path: Path) -> None:
        registry = self.load(tmp_path, model("a"), model("a"))
        assert (registry.findings, registry.ids) == ([], ("a",))

    def test_different_models_are_one_where_they_come_together(self, tmp_path: Path) -> None:
        (finding,) = self.load(tmp_path, model("a"), model("a", name="B")).findings
        assert (finding.code, Path(finding.file).name, finding.json_path) == ("M252", "models.json", "$.extends[1]")
        assert finding.message == golden("id `a` is another model in layer `./two.json` than in layer `./one.json`")

    @pytest.mark.parametrize(("layer", "name"), [("./one.json", "A"), ("./two.json", "B")])
    def test_an_override_chooses_one(self, tmp_path: Path, layer: str, name: str) -> None:
        choice = {"id": "a", "from": layer, "license": "MIT"}
        registry = self.load(tmp_path, model("a"), model("a", name="B"), overrides=[choice])
        assert (registry.findings, registry.ids) == ([], ("a",))
        assert (registry["a"].name, registry["a"].license) == (name, "MIT")
        assert [one.layer for one in registry.chain("a")] == ["project", layer]

    def test_hiding_settles_it(self, tmp_path: Path) -> None:
        registry = self.load(tmp_path, model("a"), model("a", name="B"), hidden=["a"])
        assert (registry.findings, registry.ids) == ([], ())

    def test_constants_may_not_meet_either(self, tmp_path: Path) -> None:
        (finding,) = self.load(tmp_path, model("a-b"), model("a.b")).findings
        assert (finding.code, Path(finding.file).name, finding.json_path) == ("M252", "models.json", "$.extends[1]")
        assert finding.message == golden(
            "id `a.b` of layer `./two.json` becomes `A_B`, and so does id `a-b` of layer `./one.json`"
        )


def test_a_layer_that_two_others_extend_is_read_once_and_stands_below_both(tmp_path: Path) -> None:
    files = {
        "base.json": file(model("a", license="MIT")),
        "one.json": file(model("b"), extends=("./base.json",), overrides=[{"id": "a", "name": "One"}]),
        "two.json": file(model("c"), extends=("./base.json",), overrides=[{"id": "a", "name": "Two"}]),
        "models.json": file(extends=("./two.json", "./one.json", "./base.json")),
    }
    registry = load(tmp_path, files)
    assert (registry.findings, registry.ids) == ([], ("a", "c", "b"))
    assert registry.layers == ("./base.json", "./two.json", "./one.json", "project")
    assert registry["a"].name == "One"


def test_a_hidden_model_comes_back_by_naming_a_layer_that_has_it(tmp_path: Path) -> None:
    files = {
        "base.json": file(model("a"), model("b")),
        "team.json": file(extends=("./base.json",), hidden=["a"]),
        "models.json": file(extends=("./team.json",), overrides=[{"id": "a", "name": "Ours"}]),
    }
    (finding,) = load(tmp_path, files).findings
    assert (finding.code, finding.message) == ("M253", golden("`a` is hidden by layer `./team.json`"))
    assert finding.help == golden('remove the override; or write "from": "./base.json" in it to have the model again')
    files["models.json"]["overrides"][0]["from"] = "./base.json"
    registry = load(tmp_path, files)
    assert (registry.findings, {*registry.ids}, registry["a"].name) == ([], {"a", "b"}, "Ours")


@pytest.mark.parametrize(
    ("parts", "code", "message"),
    [
        (
            {"overrides": [{"id": "model-b", "name": "X"}]},
            "M253",
            golden("an override must name a model of a lower layer, got `model-b`"),
        ),
        ({"hidden": ["model-b"]}, "M253", golden("`hidden` must name a model of a lower layer, got `model-b`")),
        (
            {"hidden": ["nothing-like-it"]},
            "M256",
            golden("no lower layer has a model `nothing-like-it` to hide: `./base.json`"),
        ),
        (
            {"overrides": [{"id": "model-a", "name": "MODEL-A"}]},
            "M256",
            golden("`name` of `model-a` is what layer `./base.json` states already"),
        ),
        (
            {"overrides": [{"id": "model-a", "license": None}]},
            "M256",
            golden("`license` is withdrawn, but no lower layer states it of `model-a`"),
        ),
        (
            {"overrides": [{"id": "model-a", "name": "X"}], "hidden": ["model-a"]},
            "M256",
            golden("`model-a` is overridden, but this layer hides it"),
        ),
        (
            {"overrides": [{"id": "model-a", "from": "./base.json"}]},
            "M256",
            golden("`from` changes nothing: `model-a` is that of layer `./base.json` already"),
        ),
        (
            {"overrides": [{"id": "model-b", "from": "./base.json"}]},
            "M258",
            golden("layer `./base.json` has no model `model-b`"),
        ),
        (
            {"overrides": [{"id": "model-a"}]},
            "M255",
            golden("the override of `model-a` must state a fact; it states none"),
        ),
        ({"overrides": [{"name": "X"}]}, "M101", golden("the override is missing the required field `id`")),
        ({"overrides": [7]}, "M103", golden("`overrides[0]` must be an object, got integer 7")),
        ({"overrides": {}}, "M103", golden("`overrides` must be an array, got object")),
        ({"overrides": [{"id": 7, "name": "X"}]}, "M103", golden("`overrides[0].id` must be a string, got integer 7")),
        ({"hidden": [7]}, "M103", golden("`hidden[0]` must be a string, got integer 7")),
        ({"hidden": ["model-a", "model-a"]}, "M115", golden("`hidden` must name each model once, got `model-a` again")),
        ({"hiden": []}, "M102", golden("unknown field `hiden`")),
    ],
)
def test_what_is_wrong_with_an_overlay(tmp_path: Path, parts: Any, code: str, message: str) -> None:
    files = {"base.json": file(model("model-a")), "models.json": file(extends=("./base.json",), **parts)}
    assert [(one.code, one.message) for one in load(tmp_path, files).findings] == [(code, message)]


def test_an_overlay_on_nothing_says_so(tmp_path: Path) -> None:
    registry = load(tmp_path, {"models.json": file(model("a"), overrides=[{"id": "b", "name": "X"}], hidden=["c"])})
    nothing = golden("nothing stands below: name what it extends in `extends`")
    assert [(one.code, one.help) for one in registry.findings] == [("M253", nothing), ("M253", nothing)]


def test_an_override_of_an_own_model_is_told_to_change_the_entry(tmp_path: Path) -> None:
    files = {
        "base.json": file(),
        "models.json": file(model("a"), extends=("./base.json",), overrides=[{"id": "a", "name": "X"}]),
    }
    (finding,) = load(tmp_path, files).findings
    assert (finding.code, finding.help) == ("M253", golden("the model is this layer's own: change its entry"))


def test_a_base_that_cannot_be_read_is_one_finding(tmp_path: Path) -> None:
    """Not one for each override that needs it."""
    files: dict[str, Any] = {"models.json": file(extends=("./base.json",), overrides=[{"id": "a", "name": "X"}])}
    assert found(load(tmp_path, files)) == [("M513", "models.json", "$.extends[0]")]
    assert [one[:2] for one in found(load(tmp_path, files | {"base.json": "{"}))] == [("M003", "base.json")]


def test_a_file_with_overlays_alone_needs_no_models(tmp_path: Path) -> None:
    own = {"version": "1.0", "extends": ["./base.json"]}
    registry = load(tmp_path, {"base.json": file(model("a")), "models.json": own})
    assert (registry.findings, registry.ids) == ([], ("a",))


def test_an_overlay_without_entries_changes_nothing(tmp_path: Path) -> None:
    base = file(plain_model(id="a", aliases=["b"]), plain_model(id="c", aliases=[]))
    registry = load(tmp_path, {"base.json": base, "models.json": file(extends=("./base.json",))})
    alone = Registry.load(tmp_path / "base.json")
    assert [one.to_dict() for one in registry] == [one.to_dict() for one in alone]
    assert registry.sha256 != alone.sha256


# ---- evidence


def locked(**facts: Any) -> str:
    files = {"config.json": LockedFile("0" * 64, 7)}
    read = {path.replace("__", "."): FileFact(value, "config.json", "key") for path, value in facts.items()}
    return write_lock({"a": LockEntry("org/a", COMMIT, "2026-11-30", files, read)})


PROVED = model("a", revision=COMMIT, specs={"embedding_dim": 8, "hidden_dim": 16, "vocab_size": 99})
LOCK = locked(specs__hidden_dim=16, specs__vocab_size=99)


def with_lock(folder: Path, change: dict[str, Any], **files: str) -> Registry:
    own = file(extends=("./base/models.json",), overrides=[{"id": "a", **change}])
    trees = {"base/models.json": file(PROVED), "base/models.lock.json": LOCK, "models.json": own}
    return load(folder, trees | {name.replace("__", "."): text for name, text in files.items()})


def test_the_lock_of_a_base_counts_for_what_nobody_overrides(tmp_path: Path) -> None:
    registry = with_lock(tmp_path, {"name": "Ours"})
    assert (registry.findings, registry["a"].verified_facts, registry["a"].verified_revision) == ([], 2, COMMIT)


def test_an_override_against_the_files_needs_a_source_and_is_never_verified(tmp_path: Path) -> None:
    registry = with_lock(tmp_path, {"specs": {"hidden_dim": 32}})
    assert found(registry) == [("M257", "models.json", "$.overrides[0].specs.hidden_dim")]
    assert (registry["a"].verified_facts, registry["a"].differing_facts) == (1, 0)
    registry = with_lock(tmp_path, {"specs": {"hidden_dim": 32}, "sources": {"specs": "measured"}})
    assert (registry.findings, registry["a"].verified_facts, registry["a"].differing_facts) == ([], 1, 0)


@pytest.mark.parametrize("change", [{"revision": "2" * 40}, {"huggingface_id": "org/other"}])
def test_the_lock_of_a_base_says_nothing_of_other_files(tmp_path: Path, change: dict[str, Any]) -> None:
    registry = with_lock(tmp_path, change)
    assert (registry.findings, registry["a"].verified_facts, dict(registry["a"].pinned_files)) == ([], 0, {})


def test_ones_own_lock_adds_evidence_about_a_model_of_a_base(tmp_path: Path) -> None:
    more = locked(specs__embedding_dim=8)
    registry = with_lock(tmp_path, {"name": "Ours"}, models__lock__json=more)
    assert (registry.findings, registry["a"].verified_facts) == ([], 3)
    wrong = with_lock(tmp_path, {"specs": {"vocab_size": 98}}, models__lock__json=locked(specs__vocab_size=99))
    assert ("M401", "models.json", "$.overrides[0].specs.vocab_size") in found(wrong)


def test_what_a_lock_says_against_its_own_base_is_an_error_there(tmp_path: Path) -> None:
    registry = with_lock(tmp_path, {"name": "Ours"}, **{"base/models__lock__json": locked(specs__hidden_dim=17)})
    assert found(registry) == [("M401", "models.json", "$.models[0].specs.hidden_dim")]
    assert registry.findings[0].file.endswith("base/models.json")


def test_the_digest_joins_every_layer_and_its_lock(tmp_path: Path) -> None:
    one = with_lock(tmp_path, {"name": "Ours"})
    assert with_lock(tmp_path, {"name": "Ours"}).sha256 == one.sha256
    assert with_lock(tmp_path, {"name": "Ours"}, **{"base/models__lock__json": locked()}).sha256 != one.sha256
    base = json.dumps(file(PROVED, model("b")))
    assert with_lock(tmp_path, {"name": "Ours"}, **{"base/models__json": base}).sha256 != one.sha256


# ---- the JSON Schema

OVERLAYS: list[tuple[dict[str, Any], bool]] = [
    ({"extends": ["./base.json"]}, True),
    ({"overrides": [{"id": "a", "license": None, "specs": {"hidden_dim": 7}, "extra": {"x": None}}]}, True),
    ({"overrides": [{"id": "a", "from": "./base.json"}], "hidden": ["b"]}, True),
    ({"overrides": [{"id": "a", "performance": None, "sources": {"license": None, "name": "x"}}]}, True),
    ({"overrides": [{"id": "a", "capabilities": {"languages": ["fr"]}, "encoding": {"prompts": {"x": ""}}}]}, True),
    ({"extends": "./base.json"}, False),
    ({"extends": [7]}, False),
    ({"overrides": [{"id": "a"}]}, False),
    ({"overrides": [{"license": "MIT"}]}, False),
    ({"overrides": [{"id": "a", "licence": "MIT"}]}, False),
    ({"overrides": [{"id": "a", "specs": {"hidden_dim": "7"}}]}, False),
    ({"overrides": [{"id": "a", "specs": {"hiden_dim": 7}}]}, False),
    ({"overrides": [{"id": "a", "from": 7}]}, False),
    ({"overrides": {}}, False),
    ({"hidden": ["b", "b"]}, False),
    ({"hidden": [None]}, False),
    ({}, False),
]


@pytest.mark.parametrize(("parts", "valid"), OVERLAYS)
def test_the_schema_and_check_judge_an_overlay_alike(tmp_path: Path, parts: dict[str, Any], valid: bool) -> None:
    tree: dict[str, Any] = {"version": "1.0", **parts}
    base = file(model("a", license="MIT", performance={"beir_avg": 0.5}, extra={"x": 1}), model("b"))
    (tmp_path / "base.json").write_text(json.dumps(base))
    stands = {} if not parts or "extends" in parts else {"extends": ["./base.json"]}
    registry = load(tmp_path, {"models.json": tree | stands})
    found = [one for one in registry.findings if one.severity == "error" and one.code != "M253"]
    assert (found == []) is valid, found
    assert Draft202012Validator(json_schema(required=Requirements("core"))).is_valid(tree) is valid
