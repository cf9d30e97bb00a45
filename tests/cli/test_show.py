"""`hypiler show` on the shipped registry, and on projects made for one question."""

import json
import os
import re
import subprocess
import sys
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from catalogue import SAMPLE
from generated import valid
from golden import golden
from hypothesis import given
from hypothesis import strategies as st
from slow import all_or, slow
from strategies import HOSTILE, Tree, registries

from hypiler.cli import list as list_command
from hypiler.cli import show as show_command
from hypiler.cli.main import main
from hypiler.cli.terminal import Page
from hypiler.diagnostics.terminal_text import columns_of
from hypiler.emit.fact_lines import sections_of
from hypiler.emit.source_links import shown_source
from hypiler.model_registry import BGE_M3, MODEL_REGISTRY, ModelInfo
from hypiler.registry import Model, Registry
from hypiler.schema.coverage import facts_of
from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.requirements import USUAL
from hypiler.schema.types import Integer, MapOf, Records
from hypiler.space import describe

ROOT = Path(__file__).parents[2]
SHIPPED: Tree = json.loads((ROOT / "models.json").read_text("utf-8"))
# The first shipped model without its optional sections.
PLAIN = {field.path[0]: SHIPPED["models"][0][field.path[0]] for field in FIELDS if field.required}
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, outside any project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def project(folder: Path, **changes: Any) -> None:
    """Make a folder a project with one model: a plain one, with these top-level values."""
    tree = {"version": "1.0", "models": [{**PLAIN, "id": "changed", **changes}]}
    (folder / "pyproject.toml").write_text('[tool.hypiler]\noutput = "src/app/model_registry.py"\n')
    (folder / "models.json").write_text(json.dumps(tree), "utf-8")


def shown(capsys: Capture, *arguments: str) -> list[str]:
    """The lines that `hypiler show` prints."""
    assert main(["show", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def section(lines: list[str], title: str) -> list[str]:
    """The lines of a section, without its title."""
    start = [line.split()[:1] for line in lines].index([title]) + 1
    return lines[start : [*lines, ""].index("", start)]


SHIPPED_REGISTRY = Registry.shipped()
# What stands above the places of sources on a terminal.
SOURCES = "sources"


def on_terminal(model: Model, width: "int | None", *, whole: bool = False) -> list[str]:
    page = Page(width=width)
    lines = show_command._heading(model, model.id, "hypiler.model_registry", page)
    return [*lines, *show_command._body(model, page, USUAL, whole=whole)]


@pytest.mark.parametrize("model", all_or(SAMPLE[:6], SAMPLE), ids=lambda model: model.id)
def test_every_known_fact_has_a_line_in_the_order_of_the_schema(capsys: Capture, model: ModelInfo) -> None:
    """Mappings and lists of records have a line an entry instead."""
    lines = shown(capsys, model.id)
    if "sources" in lines:
        lines = lines[: lines.index("sources")]
    # The two ends of a range are one line, called as the object that holds them.
    simple = [f for f in FIELDS if not isinstance(f.type, (MapOf, Records)) and f.path[-1] not in ("min", "max")]
    known = [
        field
        for field in simple
        if getattr(model, field.attribute) is not None and (field.required or getattr(model, field.attribute) != ())
    ]
    known.sort(key=lambda field: "" if len(field.path) == 1 else "below")
    labels = [line.split()[0] for line in lines if line[:2] == "  " != line[2:4]]
    attributes = {field.attribute for field in simple}
    found = [label for label in labels if label in attributes]
    assert found == [field.attribute for field in known]


@pytest.mark.parametrize("model", all_or(SAMPLE[:6], SAMPLE), ids=lambda model: model.id)
def test_every_source_is_shown(capsys: Capture, model: ModelInfo) -> None:
    text = "\n".join(shown(capsys, model.id))
    assert [path for path, source in model.sources.items() if shown_source(source, model).whole not in text] == []


def test_a_source_of_several_parts_is_one_line(capsys: Capture, folder: Path) -> None:
    file = {"repository": "org/name", "commit": "0123456789abcdef" * 2 + "01234567", "path": "config.json"}
    quote = '"hidden_size": 8'
    score = {"benchmark": "BEIR", "metric": "nDCG@10", "value": 0.5, "source": {"url": "https://example.com/a"}}
    sources = {"specs.embedding_dim": file | {"quote": quote, "copy": True}}
    project(folder, sources=sources, performance={"beir_avg": None, "ms_marco_mrr10": None, "scores": [score]})
    text = "\n".join(shown(capsys, "changed"))
    assert golden('org/name, config.json, commit 0123456789ab: “"hidden_size": 8” (copy)') in text
    assert f"(copy) https://github.com/org/name/blob/{file['commit']}/config.json" in text
    assert golden("  BEIR: nDCG@10 0.5, data sets not stated  https://example.com/a") in text


def test_sections_are_the_objects_of_the_file(capsys: Capture, folder: Path) -> None:
    """In the order of the schema, whatever the order of the file; what has no object comes first."""
    changes = {
        "extra": {"a": 1},
        "encoding": {"normalize": True},
        "sources": {"extra.b": "-"},
    }
    project(folder, **changes)
    lines = shown(capsys, "changed")
    titles = [line for line in lines[4:] if line and line[0] != " "]
    objects = ["architecture", "specs", "capabilities", "performance", "encoding"]
    assert titles[:-1] == ["model", *objects, "extra", "sources", "space"]
    assert titles[-1].startswith("not stated: ")


def test_fact_stands_with_its_unit_and_its_source(capsys: Capture) -> None:
    source = shown_source(BGE_M3.sources["specs.context_length"], BGE_M3).whole
    value = f"{BGE_M3.context_length} tokens"
    line = f"  {'context_length':25}{value:38}verified; {source}"
    assert line in section(shown(capsys, "bge-m3"), "specs")


def test_json_holds_every_field_with_null_for_unknown_ones(capsys: Capture) -> None:
    assert main(["show", "timesfm-1.0-200m", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["model"]
    assert list(found) == [field.attribute for field in FIELDS]
    assert found["vocab_size"] is None
    assert found["model_type"] == "time-series"


@slow
def test_json_is_the_record_that_list_gives(capsys: Capture) -> None:
    assert main(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["models"]
    ids = {model.id for model in SAMPLE}
    for expected in [record for record in listed if record["id"] in ids]:
        assert main(["show", expected["id"], "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["version"], found["model"]) == (1, expected)


def test_unknown_facts_have_no_line(capsys: Capture) -> None:
    assert BGE_M3.beir_avg is None
    assert "performance" not in [line.split(" ")[0] for line in shown(capsys, "bge-m3")]


def test_source_of_an_unknown_fact_says_why_it_is_unknown(capsys: Capture) -> None:
    source = shown_source(BGE_M3.sources["performance.beir_avg"], BGE_M3).text
    line = f"  performance.beir_avg     {source}"
    assert line in section(shown(capsys, "bge-m3"), "sources")


@pytest.mark.parametrize("model", all_or(SAMPLE[:6], SAMPLE), ids=lambda model: model.id)
def test_import_line_imports_the_model(capsys: Capture, model: ModelInfo) -> None:
    line = shown(capsys, model.id)[2 if model.deprecated else 1]
    namespace: dict[str, Any] = {}
    with pytest.warns(DeprecationWarning, match="deprecated") if model.deprecated else nullcontext():
        exec(line, namespace)
    assert line.startswith("from hypiler.model_registry import ")
    assert namespace[line.split()[-1]] is model


def test_hosted_model_is_found_without_an_option(capsys: Capture) -> None:
    lines = shown(capsys, "text-embedding-3-small")
    assert lines[1] == "from hypiler.hosted_registry import TEXT_EMBEDDING_3_SMALL"
    assert main(["show", "text-embedding-3-smal", "--shipped"]) == 2
    assert capsys.readouterr().err == golden(
        "hypiler: no model 'text-embedding-3-smal' in the shipped registry; did you mean 'text-embedding-3-small'?\n"
    )
    assert main(["verify", "text-embedding-3-small", "--shipped"]) == 2
    assert capsys.readouterr().err == golden(
        "hypiler: no model 'text-embedding-3-small' in the shipped registry;"
        " it is a model behind an API, so it has no files to read\n"
    )


def test_alias_shows_its_model(capsys: Capture, folder: Path) -> None:
    project(folder, aliases=["other"])
    own, other = shown(capsys, "changed"), shown(capsys, "other")
    assert other == [own[0], golden("`other` is an alias of `changed`"), *own[1:]]


def test_former_id_and_successor_are_shown(capsys: Capture, folder: Path) -> None:
    project(folder, former_ids=["other"])
    assert shown(capsys, "other")[1] == golden("`other` is a former id of `changed`: use the new one")
    project(folder, deprecated="It is slow", successor="org/new")
    assert shown(capsys, "changed")[1] == golden("deprecated: It is slow; use org/new")


@pytest.mark.parametrize(
    ("id", "hint"),
    [
        ("bge-m33", golden("did you mean 'bge-m3'?")),
        ("BGE_M3", golden("did you mean 'bge-m3'?")),
        ("baai/BGE-M3", golden("did you mean 'bge-m3'?")),
        ("Jina ColBERT v2", golden("did you mean 'jina-colbert-v2'?")),
        ("xyzzy", golden("`hypiler list --shipped` shows all")),
        ("", golden("`hypiler list --shipped` shows all")),
    ],
)
def test_unknown_id_is_wrong_use_and_gets_a_hint(capsys: Capture, id: str, hint: str) -> None:
    assert main(["show", id]) == 2
    assert capsys.readouterr() == ("", golden(f"hypiler: no model {id!r} in the shipped registry; {hint}\n"))


@pytest.mark.parametrize(
    ("id", "hint"),
    [
        ("chnaged", golden("did you mean 'changed'?")),
        ("xyzzy", golden("`hypiler list` shows all")),
        ("bge-m3", golden("the shipped registry has it: use --shipped")),
        ("BAAI/bge-m3", golden("the shipped registry has it: use --shipped")),
    ],
)
def test_unknown_id_of_a_project_names_its_files(capsys: Capture, folder: Path, id: str, hint: str) -> None:
    project(folder)
    assert main(["show", id]) == 2
    assert capsys.readouterr().err.rpartition("; ")[::2] == (
        golden(f"hypiler: no model {id!r} in models.json"),
        f"{hint}\n",
    )


def test_unknown_id_is_shown_without_its_control_characters(capsys: Capture) -> None:
    assert main(["show", "\x1b[2J\u202e"]) == 2
    message = golden(
        "hypiler: no model '\\x1b[2J\\u202e' in the shipped registry; `hypiler list --shipped` shows all\n"
    )
    assert capsys.readouterr() == ("", message)


def test_score_stands_with_its_set_of_data(capsys: Capture, folder: Path) -> None:
    scores = {"beir_avg": 0.5, "ms_marco_mrr10": None}
    project(folder, performance=scores | {"beir_datasets": "beir-13"})
    known = section(shown(capsys, "changed"), "performance")
    project(folder, performance=scores)
    unknown = section(shown(capsys, "changed"), "performance")
    assert known == [
        golden("  beir_avg                 0.5 nDCG@10 over beir-13"),
        "  beir_datasets            beir-13",
    ]
    assert unknown == [golden("  beir_avg                 0.5 nDCG@10, set not stated")]


def test_prompts_are_quoted_exactly(capsys: Capture, folder: Path) -> None:
    encoding = {
        "query_prefix": "query: ",
        "document_prefix": "",
        "prompts": {"sts": 'Say "x"\n', "name": " a "},
    }
    project(folder, encoding=encoding)
    lines = section(shown(capsys, "changed"), "encoding")
    assert lines == [
        '  query_prefix             "query: "',
        '  document_prefix          ""',
        '  prompts.sts              "Say \\"x\\"\\n"',
        '  prompts.name             " a "',
    ]


def test_additions_are_told_apart_by_their_type(capsys: Capture, folder: Path) -> None:
    extra = {"rank": 4, "text": "4", "tasks": ["a", "b"], "none": None, "on": True}
    project(folder, extra=extra, sources={"extra.rank": "the paper"})
    lines = shown(capsys, "changed")
    assert "sources" not in lines
    assert section(lines, "extra") == [
        golden(f"  rank                     4{' ' * 37}the paper"),
        '  text                     "4"',
        '  tasks                    ["a", "b"]',
        "  none                     null",
        "  on                       true",
    ]


def test_variants_have_a_line_for_each_part(capsys: Capture, folder: Path) -> None:
    variants = [
        {"id": "int8", "quantization": "int8", "file": "onnx/q.onnx", "size_bytes": 9},
        {"id": "half", "quantization": "fp16"},
    ]
    project(folder, variants=variants, sources={"variants": "the card"})
    lines = shown(capsys, "changed")
    assert "variants                   the card" in lines
    assert section(lines, "variants") == [
        golden("  int8                     quantization: int8"),
        golden("                           file: onnx/q.onnx"),
        "                           size_bytes: 9 bytes",
        golden("  half                     quantization: fp16"),
    ]


def test_source_of_an_object_stands_with_each_of_its_fields(capsys: Capture, folder: Path) -> None:
    files = {"weights": {"onnx": "model.onnx"}, "config": "config.json"}
    project(folder, files=files, sources={"files.weights": "the card"})
    lines = section(shown(capsys, "changed"), "files")
    assert lines == [
        "  config_file              config.json",
        golden(f"  onnx_file                {'model.onnx':38}the card"),
    ]


def test_deprecated_model_says_so_at_the_top(capsys: Capture, folder: Path) -> None:
    project(folder, deprecated="Use bge-m3.")
    assert shown(capsys, "changed")[1] == golden("deprecated: Use bge-m3.")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_the_registry_cannot_reach_the_terminal_raw(capsys: Capture, folder: Path, text: str) -> None:
    changes = {
        "name": text,
        "description": text,
        "deprecated": text,
        "extra": {text: [text]},
        "encoding": {"query_prefix": text, "prompts": {text: text}},
        "sources": {"name": text, "performance.beir_avg": text},
    }
    project(folder, **changes)
    text = "\n".join(shown(capsys, "changed"))
    lines = text.split("\n")
    assert [line for line in lines if not line.isprintable()] == []


@pytest.mark.parametrize("width", [20, 40, 60, 80, 110, 140])
@pytest.mark.parametrize("whole", [False, True])
def test_facts_fit_the_terminal(width: int, whole: bool) -> None:
    """Only the line to copy and what is a word of its own, such as an address, may exceed the width."""
    ids = {model.id for model in SAMPLE}
    for model in [model for model in SHIPPED_REGISTRY if model.id in ids]:
        lines = on_terminal(model, width, whole=whole)
        kept = [line for line in lines if columns_of(line) > width and " " in line.strip()]
        assert [line for line in kept if not line.startswith("from ")] == []


@pytest.mark.parametrize("width", [20, 40, 60, 80, 110, 140])
@pytest.mark.parametrize("whole", [False, True])
def test_what_is_copied_is_in_one_piece(width: int, whole: bool) -> None:
    ids = {model.id for model in SAMPLE}
    for model in [model for model in SHIPPED_REGISTRY if model.id in ids]:
        words = {word.rstrip(":") for line in on_terminal(model, width, whole=whole) for word in line.split()}
        sources = [shown_source(source, model) for source in model.sources.values()]
        copied = {model.id, model.huggingface_id, model.revision, *model.aliases, *model.file_sha256.values()}
        copied |= {word.rstrip(":") for source in sources for word in source.place.split()} | {
            one.address for one in sources
        }
        copied |= {one[key] for one in show_command.spaces_of(model) for key in ("space_id", "query_space_id")}
        assert copied - {None, ""} - words == set()


def test_terminal_lists_the_places_of_sources_once_and_by_number() -> None:
    model = SHIPPED_REGISTRY["bge-m3"]
    lines = on_terminal(model, 80)
    facts, listed = lines[: lines.index(SOURCES)], lines[lines.index(SOURCES) + 1 :]
    place = "BAAI/bge-m3, config.json, commit 5617a9f61b02"
    assert golden("  layers                   24 layers                 verified [6]") in facts
    assert golden("  hidden_dim               1024 dimensions           verified [6]") in facts
    assert [line for line in listed if place in line] == [f"  [6]  {place}"]
    numbers = [line.split()[0] for line in listed if line.startswith("  [")]
    assert numbers == [f"[{number}]" for number in range(1, len(numbers) + 1)]
    assert {word for line in facts for word in line.split() if re.fullmatch(r"\[\d+\]", word)} == set(numbers)


def test_what_a_source_says_can_be_had_in_full() -> None:
    source = shown_source(BGE_M3.sources["specs.vocab_size"], BGE_M3)
    assert source.rest
    brief = on_terminal(SHIPPED_REGISTRY["bge-m3"], 80)
    whole = on_terminal(SHIPPED_REGISTRY["bge-m3"], 80, whole=True)
    joined = " ".join([line.strip() for line in whole])
    assert source.rest not in " ".join([line.strip() for line in brief])
    assert source.whole in joined


def test_ids_of_spaces_are_those_of_configs() -> None:
    """Of each output, both sides; an id that is unknown names the facts that the registry does not state."""
    known: set[str | None] = set()
    for model in SHIPPED_REGISTRY:
        names = [one.name for one in model.outputs] or [None]
        spaces = show_command.spaces_of(model)
        assert [one["output"] for one in spaces] == names
        for name, one in zip(names, spaces, strict=True):
            stamp = describe(model, output=name)
            for key in ("space_id", "query_space_id"):
                assert one[key] == stamp[key]
                assert bool(one["missing"][key]) == (one[key] is None)
            known |= {one["space_id"], one["query_space_id"]}
    assert len(known) > 30


def test_each_output_has_the_ids_of_its_space(capsys: Capture) -> None:
    lines = section(shown(capsys, "bge-m3"), "space")
    assert [line.split()[0] for line in lines] == [
        f"{name}.{key}" for name in ("dense", "sparse", "multi-vector") for key in ("space_id", "query_space_id")
    ]
    assert re.fullmatch(r"  dense\.query_space_id     q2-[0-9a-f]{16}", lines[1])
    assert lines[0] == golden("  dense.space_id           unknown: the registry does not state precision")


def test_page_of_the_model_is_shown(capsys: Capture, folder: Path) -> None:
    assert "https://huggingface.co/BAAI/bge-m3" in shown(capsys, "bge-m3")[:3]
    assert "http" not in "\n".join(shown(capsys, "text-embedding-3-small")[:3])
    tree = {**{key: PLAIN[key] for key in PLAIN if key != "huggingface_id"}, "id": "changed"}
    tree["source"] = {"url": "https://example.com/model.safetensors", "sha256": "0" * 64}
    (folder / "models.json").write_text(json.dumps({"version": "1.0", "models": [tree]}))
    assert "https://example.com/model.safetensors" in shown(capsys, "changed", "--file", "models.json")


def test_facts_that_are_not_stated_are_named_at_the_end(capsys: Capture) -> None:
    lines = shown(capsys, "bge-m3")
    names = lines[-1].removeprefix("not stated: ").split(", ")
    known = facts_of(SHIPPED_REGISTRY["bge-m3"])
    assert names == [field.attribute for field in FIELDS if known.get(field.name) == "unknown"]
    assert "head_dim" in names
    # Somebody looked for the score and found none: the section of sources says so.
    assert "beir_avg" not in names
    assert main(["show", "bge-m3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["not_stated"]
    assert found == [path for path, word in known.items() if word == "unknown"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("words", [["show", "bge-m3"], ["compare", "bge-m3", "colbert-v2"], ["list", "--plot"]])
def test_real_terminal_gets_colour_and_its_own_width(words: list[str]) -> None:
    import pty

    parent, child = pty.openpty()
    environment = {**os.environ, "COLUMNS": "70", "TERM": "xterm", "NO_COLOR": ""}
    command = [sys.executable, "-m", "hypiler", *words, "--shipped"]
    with subprocess.Popen(command, stdout=child, env=environment) as process:
        os.close(child)
        read = b""
        # The terminal has a small buffer, and reading it fails once nobody can write to it.
        with suppress(OSError):
            while part := os.read(parent, 100_000):
                read += part
        os.close(parent)
        assert process.wait() == 0
    lines = re.sub("\x1b\\[[0-9;]*m", "", read.decode()).splitlines()
    assert b"\x1b[" in read
    assert len(lines) > 20
    long = [line for line in lines if columns_of(line) > 70]
    assert [line for line in long if " " in line.strip()] == []
    if words[0] == "show":
        assert f"https://huggingface.co/BAAI/bge-m3/blob/{BGE_M3.revision}/config.json" in long


def test_stream_of_ascii_is_no_fault() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "hypiler", "show", "qwen3-embedding-0.6b"]
    result = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.isascii()


def test_reader_that_goes_away_is_no_fault() -> None:
    command = f'"{sys.executable}" -m hypiler show bge-m3 | head -n 1'
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (
        0,
        f"{BGE_M3.name}\n",
        "",
    )


@given(tree=registries(), width=st.none() | st.integers(1, 200), whole=st.booleans())
def test_every_registry_is_listed_and_shown_in_printable_lines(tree: Tree, width: "int | None", whole: bool) -> None:
    registry = valid(tree)
    table = list_command._lines(list(registry), registry, Page(width=width), None)
    pages = [on_terminal(model, width, whole=whole) for model in registry]
    lines = [line for page in (table, *pages) for line in page]
    assert [line for line in lines if not line.isprintable()] == []
    # An id is never cut, and keeps its sign of a deprecated model.
    ids = {f"{model.id} *" for model in registry}
    long = [line.strip() for line in table if width is not None and columns_of(line) > width]
    assert [line for line in long if " " in line and line not in ids] == []
