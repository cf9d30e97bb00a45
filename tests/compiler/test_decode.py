"""Values in the wrong place: at the root, in a model, in a section."""

from typing import Any

import pytest
from generated import compiled
from golden import golden
from strategies import plain_model, registry_of, replaced

NULL = "null means none or not published; give the value, or leave out an optional field"


def findings(tree: Any) -> list[tuple[str, str, str, str | None]]:
    """Code, path, message and help of every finding."""
    return [(f.code, f.json_path, f.message, f.help) for f in compiled(tree).findings]


def without(*path: str) -> Any:
    """A registry whose one model lacks what stands at a path."""
    model = plain_model()
    here = model
    for key in path[:-1]:
        here = here[key]
    del here[path[-1]]
    return registry_of(model)


class TestRoot:
    @pytest.mark.parametrize(("value", "found"), [([], "array"), ("x", 'string "x"'), (7, "integer 7")])
    def test_the_file_must_hold_an_object(self, value: Any, found: str) -> None:
        message = golden(f"the file must be an object with `models`, got {found}")
        assert findings(value) == [("M103", "$", message, None)]

    def test_version_and_models_must_stand(self) -> None:
        assert findings({}) == [
            (
                "M101",
                "$.version",
                golden("the registry is missing the required field `version`"),
                None,
            ),
            (
                "M101",
                "$.models",
                golden("the registry is missing the required field `models`"),
                None,
            ),
        ]

    def test_unknown_keys_suggest_the_known_ones(self) -> None:
        tree = {**registry_of(), "model": [], "zzz": 1}
        assert findings(tree) == [
            ("M102", "$.model", golden("unknown field `model`"), golden("did you mean `models`?")),
            ("M102", "$.zzz", golden("unknown field `zzz`"), None),
        ]

    def test_the_keys_of_the_root_have_their_types(self) -> None:
        assert findings({"$schema": 1, "version": 1.0, "models": {}}) == [
            ("M103", '$["$schema"]', golden("`$schema` must be a string, got integer 1"), None),
            ("M103", "$.version", golden("`version` must be a string, got number 1.0"), None),
            ("M103", "$.models", golden("`models` must be an array, got object"), None),
        ]

    def test_a_version_is_numbers_and_dots(self) -> None:
        message = golden('`version` must be a version such as `1.0`, got "one"')
        tree = {"version": "one", "models": []}
        assert findings(tree) == [("M113", "$.version", message, None)]

    def test_no_models_are_a_registry(self) -> None:
        assert findings(registry_of()) == []

    @pytest.mark.parametrize(
        ("value", "code", "found", "help"),
        [("x", "M103", 'string "x"', None), (None, "M104", "null", NULL)],
    )
    def test_a_model_must_be_an_object(self, value: Any, code: str, found: str, help: str | None) -> None:
        message = golden(f"`models[1]` must be an object, got {found}")
        tree = registry_of(plain_model(), value)
        assert findings(tree) == [(code, "$.models[1]", message, help)]


class TestModel:
    def test_a_model_with_every_field_is_clean(self) -> None:
        assert findings(registry_of(plain_model())) == []

    def test_an_unknown_key_suggests_the_nearest_field(self) -> None:
        tree = registry_of({**plain_model(), "licence": "MIT"})
        assert findings(tree) == [
            (
                "M102",
                "$.models[0].licence",
                golden("unknown field `licence`"),
                golden("did you mean `license`?"),
            )
        ]

    def test_an_unknown_key_of_a_section_names_the_section(self) -> None:
        tree = replaced(registry_of(plain_model()), ("models", 0, "specs", "colour"), 5)
        assert findings(tree) == [
            (
                "M102",
                "$.models[0].specs.colour",
                golden("unknown field `colour` in `specs`"),
                golden("facts that have no field stand under `extra`"),
            )
        ]

    @pytest.mark.parametrize(
        ("path", "meant"),
        [
            (("ollama",), "did you mean `source.ollama`?"),
            (("embedding_dim",), "did you mean `specs.embedding_dim`?"),
            (("specs", "dimensions"), "did you mean `embedding_dim`?"),
            (("specs", "license"), "did you mean the model's `license`?"),
            (("limits", "batch_size"), "did you mean `inputs_per_request`?"),
            (("encoding", "input_type"), "did you mean `query_task`?"),
            (("performance", "mteb_avg"), "did you mean `scores`?"),
            (("pricing",), "facts that have no field stand under `extra`"),
        ],
    )
    def test_a_key_of_another_table_or_section_gets_the_field_that_says_the_same(
        self, path: tuple[str, ...], meant: str
    ) -> None:
        found = findings(replaced(registry_of(plain_model()), ("models", 0, *path), 5))
        assert [help for code, _, _, help in found if code == "M102"] == [meant]

    def test_a_required_field_that_lacks_is_named_with_its_section(self) -> None:
        assert findings(without("license")) == [
            (
                "M101",
                "$.models[0].license",
                golden("the model is missing the required field `license`"),
                None,
            )
        ]
        assert findings(without("specs", "parameters")) == [
            (
                "M101",
                "$.models[0].specs.parameters",
                golden("`specs` is missing the required field `parameters`"),
                None,
            )
        ]

    def test_a_section_that_lacks_gives_one_finding(self) -> None:
        message = golden("the model is missing the required section `specs`")
        assert findings(without("specs")) == [("M101", "$.models[0].specs", message, None)]

    def test_a_section_of_another_type_gives_one_finding(self) -> None:
        tree = registry_of({**plain_model(), "specs": [1]})
        message = golden("`specs` must be an object, got array")
        help = golden('such as {"parameters": "110M", "embedding_dim": 128}')
        assert findings(tree) == [("M103", "$.models[0].specs", message, help)]

    def test_optional_sections_and_fields_may_lack(self) -> None:
        for section in ("files", "encoding", "variants", "dependencies", "sources"):
            assert findings(without(section)) == []

    def test_an_empty_optional_section_is_clean(self) -> None:
        assert findings(registry_of({**plain_model(), "encoding": {}})) == []

    @pytest.mark.parametrize(
        "path",
        [
            ("performance", "beir_avg"),
            ("performance", "ms_marco_mrr10"),
            ("specs", "vocab_size"),
            ("specs", "max_position_embeddings"),
        ],
    )
    def test_null_stands_where_a_model_can_lack_the_thing(self, path: tuple[str, ...]) -> None:
        tree = replaced(registry_of(plain_model()), ("models", 0, *path), None)
        assert findings(tree) == []

    def test_null_is_refused_elsewhere(self) -> None:
        tree = registry_of({**plain_model(), "deprecated": None})
        message = golden("`deprecated` must be a string, got null")
        assert findings(tree) == [("M104", "$.models[0].deprecated", message, NULL)]

    def test_the_model_is_named_by_its_id_as_far_as_that_can_be_shown(self) -> None:
        for id, shown in [("ok", "ok"), ("\u202e\n", "\\u202e\\n"), (7, None)]:
            tree = registry_of({**plain_model(), "id": id, "zzz": 1})
            assert {f.model for f in compiled(tree).findings} == {shown}


class TestOrder:
    def test_all_findings_come_in_the_order_of_the_text(self) -> None:
        model = {**plain_model(), "license": 5, "zzz": 1, "id": "A B"}
        model["specs"] = {**model["specs"], "vocab_size": 0, "hidden_dim": "7"}
        found = compiled({"models": [model], "more": 1, "version": 3}).findings
        places = [(f.line, f.column) for f in found]
        assert places == sorted(places)
        assert [f.json_path for f in found] == [
            "$.models[0].id",
            "$.models[0].specs.hidden_dim",
            "$.models[0].specs.vocab_size",
            "$.models[0].license",
            "$.models[0].zzz",
            "$.more",
            "$.version",
        ]
