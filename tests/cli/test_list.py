"""`hypiler list` on the shipped registry, and on projects made for one question."""

import copy
import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from strategies import Tree

from hypiler import hosted_registry, model_registry
from hypiler.cli import list as list_command
from hypiler.cli.main import main
from hypiler.cli.tables import Column, table
from hypiler.cli.terminal import Page, cut, wrap
from hypiler.diagnostics.terminal_text import columns_of
from hypiler.model_registry import ModelType
from hypiler.registry import Model, Registry
from hypiler.schema.coverage import WORDS, Coverage
from hypiler.schema.fields import FIELDS

ROOT = Path(__file__).parents[2]
SHIPPED: Tree = json.loads((ROOT / "models.json").read_text("utf-8"))
# The first shipped model without its optional sections, and with what the tests say of it.
PLAIN = {field.path[0]: SHIPPED["models"][0][field.path[0]] for field in FIELDS if field.required}
PLAIN["type"] = "colbert"
PLAIN["license"] = "MIT"
PLAIN["specs"] = {"parameters": "109M", "embedding_dim": 128, "hidden_dim": 768}
PLAIN["specs"] |= {
    "context_length": 512,
    "max_position_embeddings": 512,
    "vocab_size": 30522,
}
PLAIN["architecture"] |= {"has_projection": True, "projection_dims": 128}
PLAIN["capabilities"] |= {"languages": ["en"]}
PLAIN["performance"] = {
    "beir_avg": 0.4991,
    "ms_marco_mrr10": None,
    "beir_datasets": "beir-13",
}
# Records of two classes, of which hosted models state less.
MODEL_REGISTRY: list[Any] = [*model_registry.MODEL_REGISTRY, *hosted_registry.MODEL_REGISTRY]
TOTAL = f"{len(MODEL_REGISTRY)} models of the shipped registry"
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, outside any project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def project(tree: Tree, folder: Path) -> None:
    """Make a folder a project with these models."""
    (folder / "pyproject.toml").write_text('[tool.hypiler]\noutput = "registry.py"\n')
    (folder / "models.json").write_text(json.dumps(tree), "utf-8")


def variations(*changes: dict[str, Any]) -> Tree:
    """A registry of the plain model, once a change, each with an id of its own."""
    models: list[Tree] = []
    for number, change in enumerate(changes):
        model = copy.deepcopy(PLAIN) | {"id": f"model-{number}"}
        for path, value in change.items():
            *folders, key = path.split(".")
            here = model
            for name in folders:
                here = here.setdefault(name, {})
            here[key] = value
        models.append(model)
    return {"version": "1.0", "models": models}


def listed(capsys: Capture, *arguments: str) -> list[str]:
    """The ids that `hypiler list` gives, in its order."""
    assert main(["list", "--json", *arguments]) == 0
    return [record["id"] for record in json.loads(capsys.readouterr().out)["models"]]


def printed(capsys: Capture, *arguments: str) -> list[str]:
    """The lines that `hypiler list` prints."""
    assert main(["list", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def ids(test: Callable[[Any], bool]) -> list[str]:
    return [model.id for model in MODEL_REGISTRY if test(model)]


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`hypiler list` in a process of its own, its output in a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "hypiler", "list", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


FILTERS: list[tuple[list[str], Callable[[Any], bool]]] = [
    ([], lambda m: True),
    (["--type", "sparse"], lambda m: m.model_type == "sparse"),
    (["--type", "Sparse"], lambda m: m.model_type == "sparse"),
    (
        ["--type", "static", "--type", "reranker"],
        lambda m: m.model_type in (ModelType.STATIC, ModelType.RERANKER),
    ),
    (["--organization", "jina ai"], lambda m: m.organization == "Jina AI"),
    (["--license", "mit"], lambda m: m.license == "MIT"),
    (["--language", "de"], lambda m: "de" in m.languages),
    (["--language", "zh-hans"], lambda m: {"zh-Hans", "zh"} & set(m.languages)),
    (["--language", "deu"], lambda m: "de" in m.languages),
    (["--language", "de_AT"], lambda m: "de" in m.languages),
    (
        ["--language", "zh"],
        lambda m: any(tag.partition("-")[0] == "zh" for tag in m.languages),
    ),
    (
        ["--language", "sw", "--language", "lo"],
        lambda m: {"sw", "lo"} <= set(m.languages),
    ),
    (["--modality", "image"], lambda m: "image" in m.modalities),
    (["--min-dim", "1024"], lambda m: m.embedding_dim >= 1024),
    (["--max-dim", "128"], lambda m: m.embedding_dim <= 128),
    (["--hosted"], lambda m: m.source_api is not None),
    (["--no-hosted"], lambda m: m.huggingface_id is not None),
    (["--min-context", "8192"], lambda m: m.context_length >= 8192),
    (["--matryoshka"], lambda m: m.matryoshka),
    (["--no-matryoshka"], lambda m: not m.matryoshka),
    (["--multi-vector"], lambda m: m.multi_vector),
    (["--no-multi-vector"], lambda m: not m.multi_vector),
    (
        ["--type", "dense", "--license", "Apache-2.0", "--min-context", "8192"],
        lambda m: m.model_type == "dense" and m.license == "Apache-2.0" and m.context_length >= 8192,
    ),
]


@pytest.mark.parametrize(("arguments", "test"), FILTERS)
def test_filters_keep_the_models_that_meet_all_of_them(
    capsys: Capture, arguments: list[str], test: Callable[[Any], bool]
) -> None:
    assert ids(test)
    assert listed(capsys, *arguments) == ids(test)


def test_language_is_known_where_only_a_script_of_it_is_listed(capsys: Capture, folder: Path) -> None:
    tree = variations({"capabilities.languages": ["zh-Hans"]}, {})
    project(tree, folder)
    assert listed(capsys, "--language", "zh") == ["model-0"]


def test_filters_that_no_model_meets_give_an_empty_list(capsys: Capture) -> None:
    impossible = ("--min-dim", "10", "--max-dim", "9")
    assert listed(capsys, *impossible) == []
    assert printed(capsys, *impossible) == [golden(f"0 of {TOTAL}")]


@pytest.mark.parametrize(
    ("option", "word", "near"),
    [
        ("type", "colbret", "colbert"),
        ("organization", "JinaAI", "Jina AI"),
        ("license", "Apache2.0", "Apache-2.0"),
        ("language", "zh-Han", "zh-Hant"),
        ("modality", "images", "image"),
    ],
)
def test_unknown_word_suggests_the_nearest_of_the_registry(capsys: Capture, option: str, word: str, near: str) -> None:
    assert main(["list", f"--{option}", word]) == 2
    message = golden(f"hypiler: --{option}: no model has `{word}`; did you mean `{near}`?\n")
    assert capsys.readouterr() == ("", message)


def test_name_of_a_language_suggests_its_tag(capsys: Capture) -> None:
    assert main(["list", "--shipped", "--language", "german"]) == 2
    said = capsys.readouterr().err
    assert said == golden(
        "hypiler: --language: a language must be a tag such as 'en' or 'zh-Hans', got 'german'; did you mean 'de'?\n"
    )


def test_unknown_word_that_is_near_to_none_lists_the_known_ones(
    capsys: Capture,
) -> None:
    known = ", ".join(sorted({str(m.model_type) for m in MODEL_REGISTRY}))
    assert main(["list", "--type", "xyz"]) == 2
    message = golden(f"hypiler: --type: no model has `xyz`; known: {known}\n")
    assert capsys.readouterr() == ("", message)


def test_unknown_word_is_shown_without_its_control_characters(capsys: Capture) -> None:
    assert main(["list", "--modality", "\x1b[2J\u202e"]) == 2
    assert r"no model has `\x1b[2J\u202e`; known: " in capsys.readouterr().err


def test_number_that_is_none_is_wrong_use(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["list", "--max-dim", "many"])
    assert stop.value.code == 2
    message = golden("hypiler: argument --max-dim: invalid int value: 'many'; see `hypiler list --help`\n")
    assert capsys.readouterr() == ("", message)


KEYS: dict[str, Callable[[Any], Any]] = {
    "id": lambda m: m.id,
    "name": lambda m: m.name.lower(),
    "type": lambda m: str(m.model_type),
    "dim": lambda m: m.embedding_dim,
    "context": lambda m: m.context_length,
    "mrr": lambda m: m.ms_marco_mrr10,
    "date": lambda m: m.release_date,
}


@pytest.mark.parametrize("sort", KEYS)
@pytest.mark.parametrize("reverse", [False, True])
def test_sorting_puts_unknown_values_last_in_either_direction(capsys: Capture, sort: str, reverse: bool) -> None:
    key = KEYS[sort]
    known = [m for m in MODEL_REGISTRY if key(m) is not None]
    unknown = [m for m in MODEL_REGISTRY if key(m) is None]
    expected = [*sorted(known, key=key, reverse=reverse), *unknown]
    arguments = ["--sort", sort, *(["--reverse"] if reverse else [])]
    assert listed(capsys, *arguments) == [model.id for model in expected]


def test_sorting_by_parameters_compares_what_the_counts_say(capsys: Capture, folder: Path) -> None:
    counts = ("8x700M", "900K", "1.5B", "110M", "9M", "0.1T")
    tree = variations(*[{"specs.parameters": count} for count in counts])
    project(tree, folder)
    order = [int(id[-1]) for id in listed(capsys, "--sort", "parameters")]
    assert [counts[n] for n in order] == [
        "900K",
        "9M",
        "110M",
        "1.5B",
        "8x700M",
        "0.1T",
    ]


def test_reverse_alone_turns_the_order_of_the_registry(capsys: Capture) -> None:
    assert listed(capsys, "--reverse") == [m.id for m in reversed(MODEL_REGISTRY)]


def test_json_holds_every_field_of_every_record(capsys: Capture) -> None:
    assert main(["list", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)["models"]
    attributes = [field.attribute for field in FIELDS]
    assert [list(record) for record in records] == [attributes] * len(MODEL_REGISTRY)
    for model, record in zip(MODEL_REGISTRY, records, strict=True):
        assert record["model_type"] == model.model_type.value
        assert record["matryoshka_dims"] == list(model.matryoshka_dims)
        assert record["beir_avg"] == model.beir_avg
        assert record["sources"] == dict(model.sources)


def test_json_holds_records_inside_of_records_and_lists_of_additions(capsys: Capture, folder: Path) -> None:
    variant = {"id": "q", "quantization": "int8", "file": "onnx/model.onnx"}
    extra = {"tasks": ["a", "b"], "rank": 4, "none": None}
    project(variations({"variants": [variant], "extra": extra}), folder)
    assert main(["list", "--json"]) == 0
    [record] = json.loads(capsys.readouterr().out)["models"]
    absent = {"huggingface_id": None, "sha256": None, "size_bytes": None, "format": None, "ollama": None, "url": None}
    assert record["variants"] == [variant | absent]
    assert record["extra"] == extra


def test_table_shows_the_facts_to_choose_by(capsys: Capture, folder: Path) -> None:
    tree = variations(
        {"capabilities.languages": ["en", "de", "fr"], "performance.beir_avg": 0.5},
        {"architecture.matryoshka_dims": [32, 128], "capabilities.matryoshka": True}
        | {"performance": {"beir_avg": 0.4991, "ms_marco_mrr10": None}},
        {"capabilities.languages": ["ar", "de", "en", "fr"], "deprecated": "Old."},
        {"capabilities.languages": []} | {"performance": {"beir_avg": None, "ms_marco_mrr10": None}},
    )
    project(tree, folder)
    lines = printed(capsys)
    assert lines == [
        golden("id         type     dims    context  params  languages  licence  BEIR (sets)  evidence"),
        golden("model-0    colbert  128         512    109M  en de fr   MIT      0.5    (13)  unsourced"),
        golden("model-1    colbert  128↓32      512    109M  en         MIT      0.4991 (?)   unsourced"),
        golden("model-2 *  colbert  128         512    109M  4          MIT      0.4991 (13)  unsourced"),
        golden("model-3    colbert  128         512    109M  –          MIT      –            unsourced"),
        "",
        golden("4 models of models.json"),
    ]


def test_model_that_can_be_cut_to_any_width_in_a_range_is_marked(capsys: Capture, folder: Path) -> None:
    project(variations({"architecture.matryoshka_range": {"min": 32, "max": 128}}, {}), folder)
    lines = printed(capsys, "--matryoshka")
    assert lines[1].split()[:3] == ["model-0", "colbert", "128↓32.."]
    assert lines[-1] == golden("1 of 2 models of models.json")


def test_count_says_how_many_were_left_out(capsys: Capture) -> None:
    dense = ids(lambda m: m.model_type == "dense")
    assert printed(capsys, "--type", "dense")[-1] == golden(f"{len(dense)} of {TOTAL}")
    assert printed(capsys)[-1] == TOTAL


def test_output_into_a_pipe_is_whole_and_uncoloured() -> None:
    """The width that COLUMNS claims is that of a terminal, and a pipe is none."""
    result = run("--sort", "id", COLUMNS="20", NO_COLOR="", FORCE_COLOR="")
    names = [line.split()[0] for line in result.stdout.splitlines()[1:-2]]
    assert (result.returncode, result.stderr) == (0, "")
    assert names == sorted([model.id for model in MODEL_REGISTRY])
    assert "\x1b" not in result.stdout
    assert "…" not in result.stdout


def test_csv_has_every_field_and_how_many_facts_are_known(capsys: Capture) -> None:
    assert main(["list", "--type", "colbert", "--csv"]) == 0
    rows = [*csv.DictReader(io.StringIO(capsys.readouterr().out))]
    models = [model for model in ALL if model.model_type == "colbert"]
    assert [row["id"] for row in rows] == [model.id for model in models]
    for row, model in zip(rows, models, strict=True):
        assert [*row] == [*[field.attribute for field in FIELDS], *[f"facts_{word}" for word in WORDS]]
        assert int(row["facts_verified"]) == Coverage([model]).models[model.id]["verified"]
        assert row["embedding_dim"] == str(model.embedding_dim)
        assert row["beir_avg"] == ("" if model.beir_avg is None else str(model.beir_avg))
        assert row["languages"].split("; ") == [*model.languages]
        assert json.loads(row["scores"] or "[]") == model.to_dict()["scores"]


def test_csv_tells_unknown_values_from_empty_ones(capsys: Capture, folder: Path) -> None:
    project(variations({"encoding": {"query_prefix": "", "document_prefix": "=1"}}, {}), folder)
    assert main(["list", "--csv"]) == 0
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (first["query_prefix"], second["query_prefix"]) == ('""', "")
    # A spreadsheet must not take a text for a formula.
    assert first["document_prefix"] == "'=1"
    assert (first["multi_vector"], first["has_projection"]) == ("true", "true")


def test_reader_that_goes_away_is_no_fault() -> None:
    command = f'"{sys.executable}" -m hypiler list --json | head -c 10'
    result = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (0, b"")


def test_stream_of_ascii_gets_ascii_in_the_same_columns() -> None:
    result = run("--type", "colbert", LC_ALL="C", PYTHONIOENCODING="ascii")
    plain = run("--type", "colbert", PYTHONIOENCODING="utf-8").stdout
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == plain.replace("–", "-").replace("↓", "/")
    assert result.stdout != plain


def test_colour_is_forced_and_forbidden_by_the_environment() -> None:
    """Colour adds escapes and changes nothing else."""
    plain = run(NO_COLOR="1", FORCE_COLOR="1").stdout
    colored = run(NO_COLOR="", FORCE_COLOR="1").stdout
    assert "\x1b" not in plain
    assert "\x1b[36mcolbert-v2" in colored
    for style in ("0", "1", "2", "36"):
        colored = colored.replace(f"\x1b[{style}m", "")
    lines = [line.rstrip() for line in colored.splitlines()]
    assert lines == plain.splitlines()


def test_listing_loads_nothing_that_is_installed() -> None:
    code = "import sys; from hypiler.cli.main import main; before = set(sys.modules); main(['list', '--type', 'dense'])"
    code += "; print({name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "{'hypiler'}"


SHIPPED_REGISTRY = Registry.shipped(hosted=True)
ALL = list(SHIPPED_REGISTRY)


def on_terminal(models: list[Model], width: int, sort: str = "") -> list[str]:
    return list_command._lines(models, SHIPPED_REGISTRY, Page(width=width), sort)


@pytest.mark.parametrize("width", [1, 5, 20, 40, 60, 79, 80, 100, 140, 200])
def test_table_fits_the_terminal(width: int) -> None:
    """Only an id that is longer than a line, or another such word, exceeds the width."""
    lines = [line.removesuffix(" *") for line in on_terminal(ALL, width)]
    assert [line for line in lines if columns_of(line) > width and " " in line.strip()] == []


@pytest.mark.parametrize("width", [1, 20, 30, 40, 50, 60, 80, 100, 140])
def test_ids_are_whole_and_in_order(width: int) -> None:
    """An id that is longer than its column has a line of its own, and the row goes on below it."""
    lines = on_terminal(ALL, width)
    words = [line.split(" ")[0] for line in lines if not line.startswith(" ")]
    known = {model.id for model in ALL}
    assert [word for word in words if word in known] == [model.id for model in ALL]


def test_narrow_table_keeps_its_best_columns() -> None:
    assert [on_terminal(ALL, width)[0].split() for width in (80, 60, 40, 20)] == [
        ["id", "type", "dims", "evidence"],
        ["id", "dims", "evidence"],
        ["id", "dims"],
        ["id"],
    ]


def test_long_names_stand_alone_and_the_rest_of_their_rows_below_them() -> None:
    ids = ["abcdefghij-1-klmnopqrst", "abcdefghij-2-klmnopqrst", "other"]
    columns = [Column("id", ids, least=9), Column("n", ["1", "2", "3"], rank=1)]
    assert table(columns, Page(width=26)) == (
        ["id                       n", *map("  ".join, zip([*ids[:2], ids[2].ljust(23)], "123", strict=True))],
        [],
    )
    assert table(columns, Page(width=14)) == (
        ["id           n", ids[0], "             1", ids[1], "             2", "other        3"],
        [],
    )
    assert table(columns, Page(width=11)) == (["id", *ids], ["n"])


def test_a_seldom_long_name_takes_no_room_from_other_columns() -> None:
    ids = [*["short"] * 19, "a-very-long-name-1"]
    columns = [Column("id", ids, least=4), *[Column(f"n{i}", ["12345"] * 20, rank=i) for i in (1, 2, 3)]]
    lines, hidden = table(columns, Page(width=28))
    assert hidden == []
    assert lines[1] == "short    12345  12345  12345"
    assert lines[-2:] == ["a-very-long-name-1", "         12345  12345  12345"]
    # Where it is not seldom, the least column leaves first.
    columns = [Column("id", ids[-10:], least=4), *[Column(f"n{i}", ["12345"] * 10, rank=i) for i in (1, 2, 3)]]
    assert table(columns, Page(width=32))[1] == ["n1"]


def test_other_names_are_cut_in_the_middle_as_far_as_they_stay_different() -> None:
    words = ["abcdefghij-1-klmnopqrst", "abcdefghij-2-klmnopqrst", "other"]
    columns = [Column("id", ["a", "b", "c"]), Column("licence", words, least=9)]
    assert table(columns, Page(width=15)) == (
        ["id  licence", "a   abcdefghij-1-klmnopqrst", "b   abcdefghij-2-klmnopqrst", "c   other"],
        [],
    )
    columns = [Column("id", ["a", "b"]), Column("licence", ["a-very-long-name-1", "short"], least=9)]
    lines, hidden = table(columns, Page(width=13))
    assert (lines, hidden) == (["id  licence", "a   a-ve…me-1", "b   short"], [])


def test_columns_that_do_not_fit_are_named(capsys: Capture) -> None:
    """Nothing is hidden silently, and at a sufficient width nothing is hidden."""
    few = [model for model in ALL if len(model.id) < 22]
    narrow = " ".join(on_terminal(few, 80))
    hidden = "languages, licence and BEIR (sets) hidden"
    assert f"terminal too narrow: {hidden}; see --json" in narrow
    wide = on_terminal(ALL, 200)
    count = len(MODEL_REGISTRY) + 1
    assert wide[:count] == printed(capsys)[:count]
    assert "too narrow" not in " ".join(wide)


def test_what_models_are_sorted_by_is_shown_on_a_narrow_terminal() -> None:
    assert "BEIR (sets)" not in on_terminal(ALL, 80)[0]
    assert on_terminal(ALL, 80, "beir")[0].split()[-3:] == ["BEIR", "(sets)", "evidence"]


def test_header_of_a_table_longer_than_the_terminal_stands_below_it_too() -> None:
    page = Page(width=100, height=24)
    header, *rows = list_command._lines(ALL, SHIPPED_REGISTRY, page, None)
    assert rows[rows.index("") - 1] == header
    assert header not in list_command._lines(ALL[:22], SHIPPED_REGISTRY, page, None)[1:]


def test_signs_in_the_table_are_explained_if_they_are_in_it(capsys: Capture, folder: Path) -> None:
    dims, matryoshka = "architecture.matryoshka_dims", "capabilities.matryoshka"
    project(variations({dims: [32, 128], matryoshka: True}, {matryoshka: True}, {}), folder)
    assert [line.split()[2] for line in printed(capsys)[1:4]] == ["128↓32", "128↓", "128"]
    registry = Registry.project()
    evidence = golden("evidence: number of facts that have it, of all")
    assert list_command._legend(registry.models[:1])[:1] == [golden("dims ↓n: can be truncated to n")]
    assert list_command._legend(registry.models[1:2])[:1] == [golden("↓: to some width")]
    beir = golden("BEIR: mean nDCG@10 (number of data sets)")
    assert list_command._legend(registry.models[2:]) == [beir, evidence]


def test_ranking_over_different_sets_of_data_says_so() -> None:
    note = "scores over different data sets cannot be compared"
    sets = sorted({m.beir_datasets for m in MODEL_REGISTRY if m.beir_datasets})
    one = [m for m in ALL if m.beir_datasets == sets[0]]
    assert note in on_terminal(ALL, 140, "beir")
    assert note not in on_terminal(one, 140, "beir")
    assert note not in on_terminal(ALL, 140, "id")


@pytest.mark.parametrize("reverse", [False, True])
def test_scores_are_sorted_among_those_over_the_same_data_sets(capsys: Capture, folder: Path, reverse: bool) -> None:
    scores = [(0.5, "beir-13"), (0.6, "beir-9"), (0.4, "beir-13"), (None, None), (0.9, None), (0.7, "beir-9")]
    project(variations(*[{"performance.beir_avg": score} for score, _ in scores]), folder)
    tree = json.loads((folder / "models.json").read_text("utf-8"))
    for model, (_, sets) in zip(tree["models"], scores, strict=True):
        model["performance"].pop("beir_datasets", None)
        model["performance"] |= {"beir_datasets": sets} if sets else {}
    (folder / "models.json").write_text(json.dumps(tree), "utf-8")
    ids = [model["id"] for model in tree["models"]]
    order = [[1, 5], [2, 0], [4]]
    order = [numbers[::-1] for numbers in order] if reverse else order
    arguments = ["--sort", "beir", *(["--reverse"] if reverse else [])]
    assert listed(capsys, *arguments) == [*[ids[n] for numbers in order for n in numbers], ids[3]]
    assert main(["list", "--json", *arguments]) == 0
    groups = json.loads(capsys.readouterr().out)["groups"]
    assert [(one["datasets"], one["models"]) for one in groups] == [
        (name, [ids[n] for n in numbers]) for name, numbers in zip(["beir-9", "beir-13", None], order, strict=True)
    ]
    lines = [line for line in printed(capsys, *arguments) if not line.startswith(tuple(ids))]
    assert lines[1:5] == [
        "beir-9: mean over 9 data sets",
        "beir-13: mean over 13 data sets",
        "data sets unknown",
        "no BEIR score",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_real_terminal_gets_colour_and_its_own_width() -> None:
    import pty

    parent, child = pty.openpty()
    environment = {**os.environ, "COLUMNS": "60", "TERM": "xterm", "NO_COLOR": ""}
    command = [sys.executable, "-m", "hypiler", "list", "--type", "static"]
    subprocess.run(command, stdout=child, env=environment, check=True)
    os.close(child)
    text = os.read(parent, 100_000).decode()
    os.close(parent)
    lines = re.sub("\x1b\\[[0-9;]*m", "", text).splitlines()
    assert text.startswith("\x1b[1mid\x1b[0m ")
    assert max([columns_of(line) for line in lines]) <= 60
    assert "terminal too narrow: " in text


def test_wide_characters_keep_the_columns_aligned() -> None:
    cells = ["日本語", "e\u0301a", "\uff21", "plain"]
    columns = [Column("name", cells, rank=1), Column("n", ["1", "2", "3", "4"])]
    lines, _ = table(columns, Page())
    rows = ["日本語  1", "e\u0301a      2", "\uff21      3", "plain   4"]
    assert lines == ["name    n", *rows]


def test_cell_with_control_characters_is_escaped() -> None:
    lines, _ = table([Column("name", ["a\x1b[31m\n\u202e"])], Page())
    assert lines == ["name", r"a\x1b[31m\n\u202e"]


def test_cutting_never_splits_a_wide_character() -> None:
    cuts = [cut("日本語", width) for width in range(7)]
    assert cuts == ["", "…", "…", "日…", "日…", "日本…", "日本語"]
    assert cut("abcdefghij", 7, middle=True) == "abc…hij"


def test_wrapping_breaks_at_blanks_and_inside_words_that_nobody_copies() -> None:
    assert wrap("one two  three", 7) == [golden("one two"), "three"]
    assert wrap("日本語日本 ij", 4) == ["日本", "語日", "本", "ij"]
    # What could be copied is never broken.
    assert wrap("ab abcdefgh ij", 3) == ["ab", "abcdefgh", "ij"]
    assert wrap("日本語", 1) == ["日", "本", "語"]
    assert wrap("as long as it is", None) == [golden("as long as it is")]
