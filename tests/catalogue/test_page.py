"""The catalogue says what the registry says, and nothing of the registry becomes more than text."""

import json
import os
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from generated import valid
from hypothesis import given, settings
from packed_texts import unpacked
from slow import slow
from strategies import HOSTILE, Tree, elsewhere, plain_model, registries, registry_of

from hypiler import ModelConfig
from hypiler._pyinstaller import data_files
from hypiler.catalogue.data import WORDS, catalogue_data
from hypiler.catalogue.html import emit_html, page_of, script_json
from hypiler.catalogue.texts import web_address
from hypiler.catalogue.uses import APIS, Use, own_code
from hypiler.cli.main import main
from hypiler.compiler.checked import CheckedRegistry
from hypiler.emit.fact_lines import sections_of
from hypiler.engines.served.apis import APIS as ENGINE_APIS
from hypiler.registry.registry import Registry
from hypiler.runtimes import RUNTIMES, snippet
from hypiler.schema.coverage import Coverage
from hypiler.stores import STORES, StoreLimitError, record

ROOT = Path(__file__).parents[2]
LARGEST = 1_000_000
"""The most bytes of the page of 150 models."""


class _Page(HTMLParser):
    """The markup of a page, and what its scripts, its style and its title hold."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.markup: list[Any] = []
        self.texts: dict[str, str] = {}
        self._name = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.markup.append((tag, attrs))
        self._name = dict(attrs).get("type") or tag if tag in ("script", "style", "title") else ""

    def handle_endtag(self, tag: str) -> None:
        self.markup.append(tag)
        self._name = ""

    def handle_data(self, data: str) -> None:
        if self._name:
            self.texts[self._name] = self.texts.get(self._name, "") + data
        else:
            self.markup.append(data)

    def handle_comment(self, data: str) -> None:
        self.markup.append(("comment", re.sub("[0-9a-f]{64}", "", data)))


def read(registry: CheckedRegistry) -> tuple[_Page, dict[str, Any]]:
    """The markup of a registry's page, and its data."""
    page = _Page(emit_html(registry))
    data: dict[str, Any] = json.loads(page.texts["application/json"])
    return page, data


def texts_of(tree: Any) -> Iterator[str]:
    """Every text in a value of JSON, keys included."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key
            yield from texts_of(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from texts_of(value)
    elif isinstance(tree, str):
        yield tree


@pytest.fixture(scope="module")
def plain() -> _Page:
    return read(valid(registry_of(plain_model())))[0]


def hostile_model(number: int, text: str) -> Tree:
    """A model that has a text in every place that takes any text."""
    shown = text if text.strip() else f"x{text}"
    changed = {
        "name": shown,
        "description": shown,
        "organization": shown,
        "deprecated": f"use org/other instead: {shown}",
        "encoding.query_prefix": text,
        "encoding.document_prefix": text,
        "sources": {"specs.vocab_size": shown, "encoding": {"url": "https://example.org/a", "quote": shown}},
        "extra": {shown: [text, 1]},
    }
    return plain_model(id=f"m{number}", type="dense", aliases=[f"a{number}"], **changed)


def test_hostile_texts_stay_texts(plain: _Page) -> None:
    registry = valid(registry_of(*[hostile_model(number, text) for number, text in enumerate(HOSTILE)]))
    page, data = read(registry)
    assert page.markup == plain.markup
    assert page.texts["module"] == plain.texts["module"]
    assert page.texts["style"] == plain.texts["style"]
    assert [text for text in texts_of({**data, "strings": []}) if not text.isprintable()] == []
    # Only code and definitions have lines. What does not print, such as a sign that turns the direction, is escaped.
    assert [text for text in unpacked(data["strings"]) if not text.replace("\n", "").isprintable()] == []


@slow
@settings(max_examples=8)
@given(registries(max_models=2))
def test_no_registry_changes_the_markup_or_leaves_its_script(plain: _Page, tree: Tree) -> None:
    registry = valid(tree)
    page, data = read(registry)
    assert page.markup == plain.markup
    assert page.texts["module"] == plain.texts["module"]
    assert data == catalogue_data(registry)
    assert [model["id"] for model in data["models"]] == list(registry.ids)


def test_a_file_name_is_a_text_as_well(plain: _Page) -> None:
    data = {**catalogue_data(valid(registry_of(plain_model()))), "title": "</title><script>alert(1)</script>&amp;"}
    page = _Page(page_of(data))
    assert page.texts["title"] == data["title"]
    assert page.markup == [part for part in plain.markup if part[0] != "comment"][1:]


def test_the_script_of_the_data_holds_nothing_that_ends_it() -> None:
    data = {"strings": ["</script><!-- ]]> & \u2028 \u2029 \ud800 \U0001f600", "plain"], "models": []}
    text = script_json(data)
    assert not re.search("[<>&\u2028\u2029\ud800-\udfff]", text)
    assert json.loads(text) == data
    text.encode()


def test_the_policy_names_the_style_and_the_script_and_permits_nothing_else(plain: _Page) -> None:
    (policy,) = [dict(attrs)["content"] for tag, attrs in _tags(plain) if ("http-equiv", _CSP) in attrs]
    hashes = {
        name: b64encode(sha256(plain.texts[text].encode()).digest()).decode()
        for name, text in (("script", "module"), ("style", "style"))
    }
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashes['script']}'; style-src 'sha256-{hashes['style']}';"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )
    # What a policy does not allow would be ignored: attributes with styles and listeners, and files from elsewhere.
    attributes = {name for _, attrs in _tags(plain) for name, _ in attrs}
    assert not {name for name in attributes if name == "style" or name.startswith("on")}
    addresses = [value or "" for _, attrs in _tags(plain) for name, value in attrs if name in ("src", "href")]
    assert [one for one in addresses if not one.startswith(("#", "data:"))] == []


_CSP = "Content-Security-Policy"


def _tags(page: _Page) -> list[tuple[str, list[tuple[str, str | None]]]]:
    return [part for part in page.markup if isinstance(part, tuple) and part[0] != "comment"]


def test_the_encoding_is_named_where_browsers_look_for_it() -> None:
    """In the first 1024 bytes, after the header. A comment may stand before the doctype."""
    beginning = emit_html(valid(registry_of(plain_model()))).encode()[:1024]
    assert b'<meta charset="utf-8">' in beginning
    assert beginning.split(b"-->\n")[1].startswith(b"<!doctype html>\n")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        " https://example.org",
        "data:text/html,x",
        "HTTPS://example.org\n",
        "https://a\u202eb",
        "",
        None,
    ],
)
def test_only_the_web_is_linked(address: str | None) -> None:
    assert web_address(address) == ""
    assert web_address("https://example.org/a?b=c") == "https://example.org/a?b=c"


MODELS = (
    "bge-m3",
    "nomic-embed-v1.5",
    "all-minilm-l6-v2",
    "bge-reranker-v2-m3",
    "text-embedding-3-large",
    "colbert-v2",
)


@pytest.fixture(scope="module")
def shipped() -> Registry:
    return Registry.shipped(hosted=True)


@pytest.fixture(scope="module")
def few(shipped: Registry, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Some of the shipped models as a registry of their own."""
    path = tmp_path_factory.mktemp("few") / "few.json"
    entries = {entry.id: entry.tree for entry in shipped.entries}
    path.write_text(json.dumps({"version": "1.0", "models": [entries[id] for id in MODELS]}))
    return Registry.load(path, lock=ROOT / "models.lock.json", required="core")


@pytest.fixture(scope="module")
def few_data(few: Registry) -> dict[str, Any]:
    data = catalogue_data(few)
    return {**data, "strings": unpacked(data["strings"])}


@pytest.mark.parametrize("id", MODELS)
def test_the_page_says_what_the_registry_says(few: Registry, few_data: dict[str, Any], id: str) -> None:
    model = few[id]
    strings, sources = few_data["strings"], few_data["sources"]
    (shown,) = [one for one in few_data["models"] if one["id"] == id]
    assert (shown["name"], shown["type"], shown["dimension"]) == (model.name, model.model_type, model.embedding_dim)
    assert shown.get("context") == model.context_length
    assert shown.get("languages", []) == list(model.languages)
    assert shown.get("hosted", False) == (model.source_api is not None)
    counts = Coverage(few).models[id]
    assert shown["counts"] == [counts[word] for word in WORDS]
    assert counts[WORDS[shown["evidence"]]] > 0

    def source(number: int | None) -> str:
        return "" if number is None else strings[sources[number][0]]

    lines = [
        (section.title, fact.label, [] if section.title == "sources" else fact.lines, fact.source.text, fact.evidence)
        for section in sections_of(model, required=few.required)
        for fact in section.facts
    ]
    assert lines == [
        (
            strings[title],
            strings[label],
            [strings[line] for line in values],
            source(from_),
            WORDS[how] if how >= 0 else "",
        )
        for title, _, facts in shown["facts"]
        for label, values, from_, how in facts
    ]


@pytest.mark.parametrize("id", MODELS)
def test_code_and_definitions_are_those_of_the_commands(few: Registry, few_data: dict[str, Any], id: str) -> None:
    config = ModelConfig.from_model(few[id])
    strings = few_data["strings"]
    (shown,) = [one for one in few_data["models"] if one["id"] == id]
    codes = {
        strings[name]: (strings[text], tuple(strings[one] for one in lost)) for name, (text,), lost in shown["code"]
    }
    assert f'from_registry("{id}")' in codes.pop("hypiler")[0]
    for runtime in RUNTIMES:
        try:
            made = snippet(config, runtime)
        except ValueError:
            assert runtime not in codes
        else:
            assert codes[runtime] == (made.text.rstrip("\n"), made.lost)
    assert [strings[one[0]] for one in shown["stores"]] == list(STORES)
    for name, (text,), refused, notes in shown["stores"]:
        try:
            found = record(strings[name], config)
        except StoreLimitError as error:
            assert (strings[text], refused, notes) == (str(error), 1, [])
        else:
            assert (strings[text], refused) == (found["ddl"].rstrip("\n"), 0)
            assert [strings[note] for note in notes] == found["notes"]
    ids = {(strings[output], strings[side]): strings[space] for output, side, space in shown.get("spaces", [])}
    output = config.output or ""
    assert ids.get((output, "document")) == config.space_id
    assert ids.get((output, "query")) == config.query_space_id


def test_scores_are_in_sets_that_can_be_compared(few: Registry, few_data: dict[str, Any]) -> None:
    sets, strings = few_data["scoreSets"], few_data["strings"]
    numbers = [score[0] for model in few_data["models"] for score in model.get("scores", [])]
    sizes = [
        len({m["id"] for m in few_data["models"] if n in [s[0] for s in m.get("scores", [])]}) for n in range(len(sets))
    ]
    assert {*numbers} == {*range(len(sets))}
    # The first sets have the most results: those of BEIR are means over many data sets.
    assert [one["benchmark"] for one in sets].index("BEIR") == 0
    single = [
        size
        for size, one in zip(sizes, sets, strict=True)
        if ", " not in one["datasets"] and "beir-" not in one["datasets"]
    ]
    assert single == sorted(single, reverse=True)
    assert len({json.dumps(one) for one in sets}) == len(sets)
    model = few["nomic-embed-v1.5"]
    (shown,) = [one for one in few_data["models"] if one["id"] == model.id]
    own = [(sets[n]["benchmark"], value, strings[by]) for n, value, by, _ in shown["scores"]]
    assert ("BEIR", model.beir_avg, "the authors") in own


def test_the_first_150_shipped_models_fit_into_a_megabyte(tmp_path: Path) -> None:
    tree = json.loads((ROOT / "models.json").read_text("utf-8"))
    tree["models"] = tree["models"][:150]
    (tmp_path / "models.json").write_text(json.dumps(tree), encoding="utf-8")
    registry = Registry.load(tmp_path / "models.json", lock=ROOT / "models.lock.json")
    assert len(registry.models) == 150
    assert len(emit_html(registry).encode()) < LARGEST


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models.json").write_text(json.dumps(registry_of(plain_model())))
    (tmp_path / "pyproject.toml").write_text('[tool.hypiler]\noutput = "app/m.py"\ntargets = ["html"]\n')
    return tmp_path


def test_a_project_builds_and_checks_its_page(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build"]) == main(["build", "--check"]) == main(["docs", "--html", "--check"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "app/m.py: 1 model, written",
        "models.html: 1 model, written",
        "app/m.py: 1 model, up to date",
        "models.html: 1 model, up to date",
        "models.html: 1 model, up to date",
    ]
    page = project / "models.html"
    assert any(text.startswith("from model_registry import from_registry") for text in unpacked(_data(page)["strings"]))
    (project / "models.json").write_text(json.dumps(registry_of(plain_model(name="Other"))))
    assert main(["docs", "--html", "--check", "--format", "concise"]) == 1
    assert "error[M507]: `models.html` is stale" in capsys.readouterr().err
    assert main(["docs", "--html"]) == 0
    page.write_text(page.read_text("utf-8") + "<p>mine</p>", "utf-8")
    assert main(["docs", "--html", "--check", "--format", "concise"]) == 1
    assert "error[M508]: `models.html` was edited" in capsys.readouterr().err


def test_a_page_of_one_file_and_the_command_that_writes_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs", "--html", "models.json", "--out", "here/all.html"]) == 0
    assert os.listdir("here") == ["all.html"]
    (project / "models.json").write_text(json.dumps(registry_of(plain_model(name="Other"))))
    assert main(["docs", "--html", "models.json", "--out", "here/all.html", "--check"]) == 1
    assert "hypiler docs --html models.json --out here/all.html" in capsys.readouterr().err
    assert main(["docs", "--html", "--shipped", "models.json"]) == 2
    assert "`docs --html` makes one file" in capsys.readouterr().err


def test_the_shipped_page_has_open_and_hosted_models(
    shipped: Registry, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Code and definitions of all models take seconds, and other tests compare those of some.
    monkeypatch.setattr(Use, "codes", lambda use: ())
    monkeypatch.setattr(Use, "stores", lambda use: ())
    assert main(["docs", "--html", "--shipped", "--out", "all.html"]) == 0
    data = _data(project / "all.html")
    assert data["title"] == "The models that hypiler ships"
    assert [model["id"] for model in data["models"]] == list(shipped.ids)
    strings = unpacked(data["strings"])
    codes = {model["id"]: strings[model["code"][0][1][0]] for model in data["models"]}
    assert codes["bge-m3"].startswith(
        'from hypiler import ModelConfig\n\nconfig = ModelConfig.from_registry("bge-m3")\n'
    )
    assert codes["voyage-4"].startswith("from hypiler.hosted_registry import from_registry\n")


@pytest.mark.parametrize(
    ("source", "loaded"),
    [
        ({"api": "openai", "model": "text-embedding-3-small"}, 'config.load("server")'),
        ({"api": "cohere", "model": "embed-v4.0"}, "print(config.repo, config.embedding_dim)"),
        ({"ollama": "nomic-embed-text:v1.5"}, 'config.load("server", url="http://localhost:11434/v1")'),
        (
            {"url": "https://example.org/m.gguf", "sha256": "0" * 64},
            'config.load("server", url="http://localhost:8080/v1")',
        ),
        ({"path": "models/mine"}, "config.load()"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_the_code_loads_a_model_from_where_it_is(source: dict[str, str], loaded: str) -> None:
    (model,) = valid(registry_of(elsewhere(**source))).models
    assert loaded in own_code(model, shipped=False).splitlines()[3]


def test_the_apis_are_those_that_the_engine_asks() -> None:
    assert {*APIS} == {*ENGINE_APIS}


def _data(page: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_Page(page.read_text("utf-8")).texts["application/json"])
    return found


def test_layers_are_named(project: Path) -> None:
    text = (project / "pyproject.toml").read_text("utf-8")
    (project / "pyproject.toml").write_text(f'{text}extends = ["./base.json"]\n')
    (project / "base.json").write_text(json.dumps(registry_of(plain_model(), plain_model(id="other", aliases=[]))))
    overrides = [{"id": "plain", "name": "Ours"}]
    (project / "models.json").write_text(json.dumps({"version": "1.0", "models": [], "overrides": overrides}))
    data = catalogue_data(Registry.project())
    layers = {model["id"]: (model["name"], model["layer"]) for model in data["models"]}
    assert layers == {"plain": ("Ours", "./base.json; overridden by project"), "other": ("text", "./base.json")}


def test_every_asset_is_packed_into_frozen_applications() -> None:
    packed = {f"{folder}/{Path(file).name}" for file, folder in data_files()}
    assets = Path(str(files("hypiler.catalogue") / "assets"))
    found = {f"hypiler/catalogue/{path.relative_to(assets.parent).as_posix()}" for path in assets.rglob("*.*")}
    assert found
    assert {one for one in found if one.endswith((".js", ".css", ".html"))} <= packed
