"""Fields say what they are, so no other module has to list them."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from generated import imported, valid
from stamps import Pinned
from strategies import plain_model, registry_of, replaced

from hypiler.diagnostics.collector import FindingCollector
from hypiler.schema.comparisons import (
    EQUAL,
    AnyCase,
    AtLeast,
    Checksums,
    Comparison,
    ExactCount,
    FileNamed,
    ParameterCount,
    SameEncoder,
    SameLayers,
    SameSet,
    VariantFiles,
)
from hypiler.schema.field import ABSENT, Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.loading import LATE_INTERACTION
from hypiler.schema.types import Text
from hypiler.stamps.stamp import stamp_of

SOURCE = Path(__file__).parents[2] / "src" / "hypiler"
BY_NAME = {field.name: field for field in FIELDS}
# More names than these in one literal are a list of fields that the table should make.
MOST = 5
# What names fields as its own subject, and why.
ALLOWED = {
    "catalogue/data.py": "the columns and filters of the page's table; its panel shows every field from the table of fields",
    "stamps/facts.py": "the facts of a space in the order in which they are hashed, which no new field may change",
    "engines/stamps/what_ran.py": "the same facts, of an encoder",
    "engines/files/unsafe_settings.py": "keys in the files of other libraries, some of which are called as fields are",
    "lifecycle/importing/comparison.py": "how other tables' values are compared, which only facts that such tables have need",
    "lifecycle/importing/conversion.py": "how other tables' units and words are converted, which each field needs its own way",
    "lifecycle/importing/mteb.py": "the arguments of mteb's `ModelMeta`, some of which are called as fields are",
    "runtimes/builders/pylate.py": "the arguments of PyLate's class, some of which are called as fields are",
}


class TestAccess:
    field = Field("a.b.c", Text(), "A field.")

    def test_a_value_is_found_by_its_path(self) -> None:
        assert self.field.get({"a": {"b": {"c": None}}}) is None
        assert self.field.get({"a": {"b": {"c": [1]}}}) == [1]

    @pytest.mark.parametrize("tree", [{}, {"a": {}}, {"a": {"b": {}}}, {"a": []}, {"a": "b"}, {"a": None}, [], None, 7])
    def test_a_tree_that_does_not_state_the_field_has_no_value(self, tree: Any) -> None:
        assert self.field.get(tree) is ABSENT
        assert self.field.get(tree, "default") == "default"

    def test_a_value_is_put_at_its_path_beside_what_is_there(self) -> None:
        tree: dict[str, Any] = {"x": 1, "a": {"y": 2}}
        self.field.set(tree, 3)
        assert tree == {"x": 1, "a": {"y": 2, "b": {"c": 3}}}
        self.field.set(tree, 4)
        assert self.field.get(tree) == 4


class TestTable:
    def test_paths_and_attributes_are_unique(self) -> None:
        assert len({field.path for field in FIELDS}) == len({field.attribute for field in FIELDS}) == len(FIELDS)

    def test_what_a_flag_implies_is_a_field(self) -> None:
        assert {field.implies for field in FIELDS} - {""} <= BY_NAME.keys()

    def test_only_facts_that_files_can_prove_say_how_they_are_compared(self) -> None:
        assert {field.origin for field in FIELDS if field.compare is not EQUAL} == {"files"}

    @pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
    def test_every_field_has_a_definition_in_two_sentences_and_an_example_that_passes_its_check(
        self, field: Field
    ) -> None:
        assert re.fullmatch(r"\S.*\.", field.doc) and re.fullmatch(r"\S.*\.", field.note), "one sentence each"
        collector = FindingCollector()
        value = field.type.read(field.example, collector)
        assert [finding.message for finding in collector.findings] == []
        assert field.type.decode(field.type.encode(value)) == value

    def test_an_identity_is_no_fact_and_neither_is_what_is_derived(self) -> None:
        others = ["id", "huggingface_id", "revision", "capabilities.matryoshka", "sources", "deprecated"]
        places = [f"source.{key}" for key in ("api", "model", "regions", "ollama", "path", "url", "sha256")]
        assert [field.name for field in FIELDS if not field.is_fact] == sorted(
            [*others, *places, "successor", "former_ids", "aliases", "extra"], key=list(BY_NAME).index
        )


def sides(folder: Path, name: str, value: Any) -> tuple[str, str]:
    """The ids of both sides of a space, for a model whose field has this value."""
    type = LATE_OR_SPARSE.get(name, "dense")
    model = plain_model(type=type)
    model["capabilities"]["multi_vector"] = type == "colbert"
    model["files"]["query_weights"] = "idf.json"
    model["encoding"]["dense_layers"][0]["activation"] = "Tanh"
    path = ("models", 0, *name.split("."))
    with imported(valid(replaced(registry_of(model), path, value)), folder) as module:
        files = {"model.safetensors": ("0" * 64, "fp32"), "tokenizer.json": "1" * 64}
        files["idf.json"] = "2" * 64
        found = stamp_of(Pinned(module.MODEL_REGISTRY[0], files))
        assert found["space_id"] and found["query_space_id"]
        return found["space_id"], found["query_space_id"]


OTHER = {
    "encoding.pooling": "max",
    "encoding.normalize": False,
    "encoding.document_prefix": "other",
    "encoding.document_length": 8,
    "encoding.dense_layers": [{"in_features": 7, "out_features": 7, "activation": "ReLU"}],
    "encoding.similarity": "dot",
    "encoding.query_prefix": "other",
    "encoding.query_length": 8,
    "encoding.query_task": "other",
    "encoding.document_task": "other",
    "encoding.query_marker": "[O]",
    "encoding.document_marker": "[O]",
    "encoding.query_expansion": False,
    "encoding.expansion_token": "[O]",
    "encoding.expansion_length": 8,
    "encoding.attend_to_expansion_tokens": False,
    "encoding.skip_punctuation": False,
    "encoding.skiplist": ["other"],
    "encoding.inference_free_queries": True,
    "encoding.query_idf": True,
    "encoding.activation": "relu",
}
# The types of models whose spaces these fields belong to. The others belong to the spaces of dense models too.
LATE_OR_SPARSE = dict.fromkeys([f"encoding.{name}" for name in LATE_INTERACTION], "colbert") | {
    "encoding.inference_free_queries": "sparse",
    "encoding.query_idf": "sparse",
    "encoding.activation": "sparse",
}
# The width cannot change alone, the order of steps counts for a cut vector only, and the place of the weights only where
# their bytes are unknown. A model with a repository is behind no API.
NOT_ALONE = {"specs.embedding_dim", "encoding.matryoshka_order", "huggingface_id", "revision"}
NOT_ALONE |= {"source.api", "source.model"}


def test_every_field_of_a_space_is_tried() -> None:
    assert {field.name for field in FIELDS if field.space} == OTHER.keys() | NOT_ALONE


@pytest.mark.parametrize("name", OTHER)
def test_a_field_of_one_side_changes_the_id_of_that_side_alone(name: str, tmp_path: Path) -> None:
    before = sides(tmp_path, name, BY_NAME[name].get(plain_model()))
    after = sides(tmp_path, name, OTHER[name])
    changed = {"document": (True, False), "query": (False, True)}[BY_NAME[name].space or ""]
    assert tuple(one != other for one, other in zip(before, after, strict=True)) == changed


class TestComparisons:
    @pytest.mark.parametrize(
        ("comparison", "ours", "theirs", "agrees"),
        [
            (EQUAL, 7, 7, True),
            (EQUAL, 7, 8, False),
            (EQUAL, True, 1, False),
            (EQUAL, None, None, True),
            (SameSet(), ["en", "de"], ["de", "en"], True),
            (SameSet(), ["en"], ["de", "en"], False),
            (AtLeast("fp32", "int8"), ["fp32", "int8"], ["int8"], True),
            (AtLeast("fp32", "int8"), ["fp32"], ["int8"], False),
            (AnyCase(), "Apache-2.0", "apache-2.0", True),
            (AnyCase(), "MIT", "apache-2.0", False),
            (ParameterCount(), "22.7M", 22_713_216, True),
            (ParameterCount(), "22.8M", 22_713_216, False),
            (ParameterCount(), "107M", [106_983_316, 107_000_116], True),
            (ParameterCount(), "106.99M", [106_983_316, 107_000_116], None),
            # The file may have another type than its configuration says.
            (ParameterCount(), "137M", [68_673_714, 68_689_314], None),
            (ParameterCount(), "54M", [106_983_316, 107_000_116], None),
            (ParameterCount(), "110M", [106_983_316, 107_000_116], False),
            (ExactCount(), 522, [10, 522], True),
            (ExactCount(), 10, 10, True),
            (ExactCount(), 11, [10, 522], False),
            (SameEncoder(), "unified", "dense", True),
            (SameEncoder(), "dense", "colbert", False),
            (SameEncoder(), "time-series", "dense", None),
            (SameLayers(), [], [], True),
            (SameLayers(), [{"in_features": 1, "out_features": 2}], [], False),
        ],
    )
    def test_two_values_agree_or_differ(self, comparison: Comparison, ours: Any, theirs: Any, agrees: Any) -> None:
        assert comparison.agrees(ours, theirs) is agrees

    @pytest.mark.parametrize(
        ("ours", "theirs", "agrees"),
        [
            ("tanh", "tanh", True),
            ("tanh", "relu", False),
            (None, "relu", True),
            ("tanh", None, True),
            (None, None, True),
        ],
    )
    def test_activations_are_compared_where_both_sides_state_one(self, ours: Any, theirs: Any, agrees: bool) -> None:
        def layer(activation: str | None) -> dict[str, Any]:
            return {"in_features": 1, "out_features": 2} | ({"activation": activation} if activation else {})

        assert SameLayers().agrees([layer(ours)], [layer(theirs)]) is agrees

    @pytest.mark.parametrize(
        ("comparison", "ours", "theirs", "right"),
        [
            (EQUAL, 7, 8, 8),
            (EQUAL, 7, None, None),
            (AtLeast("fp32", "int8", "q4"), ["q4", "fp32"], ["int8"], ["fp32", "int8", "q4"]),
            (AtLeast("fp32", "int8", "q4"), None, ["int8"], ["int8"]),
            (ParameterCount(), "1M", 22_713_216, "22.7M"),
            (ParameterCount(), None, 22_713_216, "22.7M"),
            (ParameterCount(), None, [106_983_316, 107_000_116], "107M"),
            (ExactCount(), 11, [10, 522], 10),
            (SameLayers(), [{"a": 1, "activation": "tanh"}], [{"a": 2}], [{"a": 2, "activation": "tanh"}]),
            (SameLayers(), [{"a": 1}, {"a": 2}], [{"a": 3}], [{"a": 3}]),
            (SameLayers(), None, [{"a": 3}], [{"a": 3}]),
        ],
    )
    def test_a_correction_is_written_as_models_json_writes_it(
        self, comparison: Comparison, ours: Any, theirs: Any, right: Any
    ) -> None:
        assert comparison.corrected(ours, theirs) == right

    def test_files_can_show_any_count_of_parameters_and_no_text(self) -> None:
        assert [ParameterCount().is_evidence(value) for value in (1, 0, True, "1M", None)] == [True] + [False] * 4
        assert [ExactCount().is_evidence(value) for value in ([1, 2], [], [1, 2, 3], [0])] == [True] + [False] * 3
        assert EQUAL.is_evidence("anything") is None

    def test_parts_of_lists_and_mappings_are_named(self) -> None:
        assert EQUAL.parts([1, 2], [2, 3]) == ([3], [1])
        assert EQUAL.parts({"a": "x"}, {"b": "x"}) == (["b"], ["a"])
        assert AtLeast("a", "b").parts(["a"], ["b"]) == (["b"], [])
        # The same parts in another order, and values without parts.
        assert EQUAL.parts([1, 2], [2, 1]) == EQUAL.parts(1, 2) == EQUAL.parts([{}], [{"a": 1}]) == ([], [])

    @pytest.mark.parametrize(
        ("comparison", "ours", "theirs", "agrees"),
        [
            (FileNamed(r".+", only=True), "a.json", None, True),
            (FileNamed(r".+", only=True), "a.json", "a.json", True),
            (FileNamed(r".+", only=True), "a.json", "b.json", False),
            (FileNamed(r"a\.json", only=True), "b.json", None, False),
            (FileNamed(r".+\.onnx"), "onnx/a.onnx", "b.onnx", True),
            (FileNamed(r".+\.onnx"), "a.onnx/b", None, False),
        ],
    )
    def test_a_file_can_have_a_name_or_not(self, comparison: FileNamed, ours: str, theirs: Any, agrees: bool) -> None:
        assert comparison.agrees(ours, theirs) is agrees

    def test_variants_name_files_and_repositories(self) -> None:
        variants = [
            {"id": "a", "file": "a.onnx", "sha256": "0" * 64},
            {"id": "b", "huggingface_id": "o/n", "file": "b.onnx"},
            {"id": "c", "huggingface_id": "o/m"},
        ]
        assert VariantFiles().files(variants) == {"a.onnx": "0" * 64, "o/n:b.onnx": None}
        assert VariantFiles().repositories(variants) == ["o/n", "o/m"]
        assert Checksums().files({"a": "b"}) == {"a": "b"}
        assert Checksums().repositories({"a": "b"}) == []


def listed_names(tree: ast.AST) -> list[tuple[int, int]]:
    """The line of each literal that lists names of fields, and how many: paths with a dot, or names of attributes."""
    paths = {field.name for field in FIELDS if len(field.path) > 1}
    attributes = {field.attribute for field in FIELDS}
    found: list[tuple[int, int]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Set(elts=items) | ast.Tuple(elts=items) | ast.List(elts=items) | ast.Dict(keys=items):
                words = [item.value for item in items if isinstance(item, ast.Constant)]
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as text), attr="split")):
                words = text.split()
            case ast.Assign(value=ast.Constant(value=str() as text)):
                words = text.split()
            case _:
                continue
        found.append((node.lineno, max(len(paths.intersection(words)), len(attributes.intersection(words)))))
    return found


def test_no_module_outside_the_schema_lists_fields_by_name() -> None:
    lists: dict[str, list[int]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if not name.startswith("schema/") and name not in ("hosted_registry.py", "model_registry.py"):
            lines = [line for line, count in listed_names(ast.parse(path.read_text("utf-8"))) if count > MOST]
            lists |= {name: lines} if lines else {}
    assert {name: lines for name, lines in lists.items() if name not in ALLOWED} == {}
    assert lists.keys() == ALLOWED.keys(), "an exception that nothing needs any more"


@pytest.mark.parametrize(
    "text",
    [
        '{"license", "name", "pooling", "normalize", "similarity", "revision"}',
        'OTHERS = "id huggingface_id revision sources deprecated aliases extra"',
        '["a", *"license name pooling normalize similarity revision".split()]',
        '{"specs.parameters": 1, "specs.vocab_size": 2, "files.config": 3, "files.sha256": 4, "encoding.pooling": 5,'
        ' "encoding.normalize": 6}',
    ],
)
def test_a_list_of_fields_would_be_found(text: str) -> None:
    assert [count > MOST for _, count in listed_names(ast.parse(text))].count(True) == 1
