"""Compares the shipped registries with the tables of mteb, fastembed and litellm, fact by fact.

python tools/compare_with_peers.py            print the figures and what is undecided
python tools/compare_with_peers.py --write    write docs/disagreements.md as well
python tools/compare_with_peers.py --check    also fail if the page is not current, or a decision is missing or stale

The tables are read out of pinned wheels, of which one has 44 MB; pip downloads those that are not in the folder
`--wheels`. Decisions on disagreements stand in tools/peer_decisions.toml, with both values: if one of them changes,
somebody has to decide again. Exit codes: 0 nothing to do, 1 something must be decided or written, 3 a wheel is missing.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from argparse import ArgumentParser, Namespace
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src")]
from hypiler.compiler.pipeline import compile_registry  # noqa: E402 - it also runs where hypiler is not installed
from hypiler.emit.source_links import shown_source  # noqa: E402
from hypiler.lifecycle.importing.catalogue import Catalogue  # noqa: E402
from hypiler.lifecycle.importing.comparison import FACTS  # noqa: E402
from hypiler.lifecycle.importing.drafting import draft_registry  # noqa: E402
from hypiler.lifecycle.importing.files import Wheel  # noqa: E402
from hypiler.lifecycle.importing.packages import PACKAGES  # noqa: E402
from hypiler.lifecycle.importing.rows import Row, Statement  # noqa: E402
from hypiler.registry import Model, Registry  # noqa: E402
from hypiler.schema.requirements import CORE, Requirements  # noqa: E402

PAGE = ROOT / "docs/disagreements.md"
DECISIONS = ROOT / "tools/peer_decisions.toml"
WHEELS = {"mteb": "2.26.24", "fastembed": "0.9.1", "litellm": "1.110.2"}
"""The peers, with the versions that are compared."""
Key = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Comparison:
    """A fact that we and a peer state.

    Attributes:
        model: Our model.
        statement: What the peer says.
        equal: Whether we say the same.
        ours: Our value as the page shows it.
        theirs: The peer's.
    """

    model: Model
    statement: Statement
    equal: bool
    ours: str
    theirs: str

    @property
    def key(self) -> Key:
        """What a decision is about: peer, field, model and both values."""
        return self.statement.origin, self.statement.field, self.model.id, self.ours, self.theirs

    @property
    def source(self) -> Any:
        """Where our value was read, as text or as an object; None if the model does not say it."""
        path, sources = FACTS[self.statement.field].path, self.model.sources
        return next((sources[name] for name in (path, *sources) if name in sources and name.startswith(path)), None)

    @property
    def names_peer(self) -> bool:
        """Whether our source names the peer, so that agreeing with it may confirm nothing."""
        return re.search(rf"\b{self.statement.origin}\b", str(self.source)) is not None


@dataclass(frozen=True)
class Decision:
    """Why our value stands for some models, or both do.

    Attributes:
        peer: The package that disagrees.
        field: The field of its statements.
        text: The decision with its evidence.
        values: Our value and the peer's, by model.
    """

    peer: str
    field: str
    text: str
    values: Mapping[str, tuple[str, str]]

    def decided(self) -> Iterator[Key]:
        """The keys of the disagreements."""
        for model, (ours, theirs) in self.values.items():
            yield self.peer, self.field, model, ours, theirs


def compare(models: Mapping[str, Model], statements: Iterable[Statement]) -> tuple[list[Comparison], Counter[str]]:
    """Every fact that both state, once per peer and value, and how many facts per peer we do not state."""
    found: dict[Key, Comparison] = {}
    missing: Counter[str] = Counter()
    for statement in statements:
        fact = FACTS.get(statement.field)
        if fact is not None and (model := models.get(statement.model)) is not None:
            value = fact.ours(model)
            if value is None:
                missing[statement.origin] += 1
                continue
            texts = fact.texts(value, statement.value)
            one = Comparison(model, statement, fact.agree(value, statement.value), *texts)
            found.setdefault(one.key, one)
    return list(found.values()), missing


def by_name(models: Iterable[Model]) -> dict[str, Model]:
    """Models by the names that statements have for them. A later model replaces an earlier one of the same name."""
    return {_name(model): model for model in models}


def _name(model: Model) -> str:
    return (model.huggingface_id or f"{model.source_api}/{model.source_model}").lower()


def read_decisions(text: str) -> list[Decision]:
    """The decisions of a TOML text. Raises ValueError if a disagreement is decided twice."""
    found = [
        Decision(one["peer"], one["field"], one["text"], {name: tuple(pair) for name, pair in one["models"].items()})
        for one in tomllib.loads(text).get("decision", [])
    ]
    twice = [key for key, times in Counter(key for one in found for key in one.decided()).items() if times > 1]
    if twice:
        raise ValueError(f"decided twice: {twice}")
    return found


@dataclass(frozen=True)
class Result:
    """Comparisons and decisions, held together.

    Attributes:
        models: How many models we have.
        comparisons: Every fact that we and a peer state.
        decided: The decision of a disagreement, by its key.
        missing: How many facts of each peer we do not state.
        stale: The keys of decisions about what does not disagree (any more).
    """

    models: int
    comparisons: list[Comparison]
    decided: Mapping[Key, Decision]
    missing: Counter[str]
    stale: list[Key]

    @property
    def disagreements(self) -> list[Comparison]:
        """What differs, in the order of fields, peers and models."""
        return [one for one in self.comparisons if not one.equal]

    @property
    def undecided(self) -> list[Comparison]:
        """Disagreements without a decision."""
        return [one for one in self.disagreements if one.key not in self.decided]

    @property
    def failures(self) -> list[Comparison]:
        """Those of facts that must be decided."""
        return [one for one in self.undecided if FACTS[one.statement.field].important]


def judge(models: Mapping[str, Model], statements: Iterable[Statement], decisions: list[Decision]) -> Result:
    """Compare, find the decision of every disagreement, and the decisions that decide nothing."""
    found, missing = compare(models, statements)
    fields, peers = list(FACTS), list(WHEELS)
    found.sort(key=lambda one: (fields.index(one.statement.field), peers.index(one.statement.origin)))
    by_key = {key: one for one in decisions for key in one.decided()}
    differing = {one.key for one in found if not one.equal}
    return Result(len(models), found, by_key, missing, [key for key in by_key if key not in differing])


_COLUMNS = ("compared", "equal", "of these, our source names the peer", "decided", "undecided")


def figures(result: Result, name: Callable[[Comparison], str]) -> dict[str, list[int]]:
    """The numbers of `_COLUMNS`, by a name of comparisons, and at the end of all."""
    rows: dict[str, list[int]] = {}
    for one in result.comparisons:
        decided = one.key in result.decided
        counted = [
            True,
            one.equal,
            one.equal and one.names_peer,
            not one.equal and decided,
            not one.equal and not decided,
        ]
        for row in (name(one), "all"):
            rows[row] = [number + more for number, more in zip(rows.get(row, [0] * 5), counted, strict=True)]
    rows["all"] = rows.pop("all", [0] * 5)
    return rows


def _peer(one: Comparison) -> str:
    return one.statement.origin


def _title(one: Comparison) -> str:
    return FACTS[one.statement.field].title


def _table(head: str, rows: Mapping[str, list[int]]) -> Iterator[str]:
    yield f"| {head} | {' | '.join(_COLUMNS)} |\n|---|{'---|' * len(_COLUMNS)}\n"
    yield from (f"| {name} | {' | '.join(map(str, row))} |\n" for name, row in rows.items())


_HEAD = """\
# Disagreements with other registries

Other packages have tables of models as well. `tools/compare_with_peers.py` compares the shipped registries with three
of them, fact by fact, and writes this page. The tables are read out of pinned wheels: {wheels}.
`.ci/run` fails if this page is not current, if a decision is stale, or if a disagreement on dimensions, pooling,
licence, context or prefixes has no decision.

- A fact is *compared* if both sides state it; {known} of our {models} models are in a table. Facts that a peer states
  and we do not: {missing}.
- It is *equal* if both sides say the same in the terms of [models.json](models-json.md), however they write it: `mit`
  is `MIT`, and 109000000 parameters are 109.48M, rounded. If our source names the peer, being equal confirms little.
- It is *decided* if somebody looked at both values and wrote down which one stands, and why. A decision holds for
  exactly these two values: if one of them changes, somebody has to decide again.

"""


def page(result: Result) -> str:
    """The text of docs/disagreements.md."""
    wheels = ", ".join(f"{peer} {version}" for peer, version in WHEELS.items())
    missing = ", ".join(f"{result.missing[peer]} of {peer}" for peer in WHEELS)
    known = len({one.model.id for one in result.comparisons})
    parts = [_HEAD.format(wheels=wheels, known=known, models=result.models, missing=missing)]
    parts += [*_table("peer", figures(result, _peer)), "\n", *_table("fact", figures(result, _title))]
    for field, fact in FACTS.items():
        of_field = [one for one in result.disagreements if one.statement.field == field]
        if of_field:
            parts += [f"\n## {fact.title.capitalize()}\n", *_sections(result, of_field)]
    return "".join(parts)


def _sections(result: Result, disagreements: list[Comparison]) -> Iterator[str]:
    """A table per decision, below its text."""
    groups: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    for one in disagreements:
        decision = result.decided.get(one.key)
        groups[one.statement.origin, decision.text if decision else ""].append(one)
    for (peer, text), ones in groups.items():
        yield f"\n**{peer}**: {text or 'undecided.'}\n\n| model | here | {peer} | our source |\n|---|---|---|---|\n"
        for one in ones:
            cells = [
                f"`{one.model.id}`",
                _cell(one.ours),
                f"{_cell(one.theirs)} ({_place(one.statement)})",
                _source(one),
            ]
            yield f"| {' | '.join(cells)} |\n"


def _place(statement: Statement) -> str:
    return "`" + statement.place.partition(" (")[0].rpartition("/")[2] + "`"


def _source(one: Comparison) -> str:
    """Where our value was read, as a link if the source has an address."""
    if one.source is None:
        return ""
    source = shown_source(one.source, one.model)
    place = f"[{_escaped(source.place)}]({source.address})" if source.address else _escaped(source.place)
    return place + _escaped(source.rest)


def _cell(text: str) -> str:
    return f"`{text}`" if text and "`" not in text and "|" not in text else _escaped(text)


def _escaped(text: str) -> str:
    for sign in "\\`|*_[]<>":
        text = text.replace(sign, "\\" + sign)
    return text


class WheelError(Exception):
    """A wheel is missing, and pip cannot download it."""


def find_wheel(peer: str, folder: Path) -> Path:
    """The wheel of a peer in a folder, downloaded if it is missing. Raises WheelError."""
    pattern = f"{peer}-{WHEELS[peer]}-*.whl"
    if not (found := sorted(folder.glob(pattern))):
        folder.mkdir(parents=True, exist_ok=True)
        words = ["--no-deps", "--only-binary", ":all:", "--dest", str(folder), f"{peer}=={WHEELS[peer]}"]
        command = [sys.executable, "-m", "pip", "download", *words]
        run = subprocess.run(command, check=False, capture_output=True, text=True)
        if not (found := sorted(folder.glob(pattern))):
            raise WheelError(f"{peer} {WHEELS[peer]} cannot be downloaded: {run.stderr.strip()[-500:]}")
    return found[0]


def store_of_wheels() -> Path:
    """A folder in the user's cache: one download serves every checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hypiler-tests/wheels"


def _options(words: list[str]) -> Namespace:
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--wheels", type=Path, default=store_of_wheels(), help="folder with the wheels of the peers")
    parser.add_argument("--file", action="append", default=[], help="also compare the models of this file")
    parser.add_argument("--todo", action="store_true", help="print undecided disagreements as TOML to be completed")
    parser.add_argument("--write", action="store_true", help="write docs/disagreements.md")
    parser.add_argument("--check", action="store_true", help="fail if the page or a decision is not current")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Compare, print, and write or check the page."""
    options = _options(words)
    try:
        wheels = {peer: find_wheel(peer, options.wheels) for peer in WHEELS}
    except WheelError as error:
        print(error)
        return 3
    rows = [row for peer, path in wheels.items() for row in PACKAGES[peer](Wheel(str(path)))]
    statements = [one for row in rows for one in row.statements()]
    registries = [
        Registry.shipped(hosted=True),
        *(Registry.load(file, lock=False, required="core") for file in options.file),
    ]
    models = by_name(model for registry in registries for model in registry)
    result = judge(models, statements, read_decisions(DECISIONS.read_text("utf-8")))
    if options.todo:
        print("\n".join(_todo(result.undecided)))
        return 0
    print(*(_imported(peer, [row for row in rows if row.origin == peer], registries) for peer in WHEELS), sep="\n")
    print("".join(_table("peer", figures(result, _peer))), *_complaints(result), sep="\n")
    return _finish(page(result), result, options)


def _imported(peer: str, rows: list[Row], registries: list[Registry]) -> str:
    """The figures of `hypiler import`. Raises AssertionError if the draft has an error."""
    catalogue = Catalogue(model for one in registries for model in one)
    draft = draft_registry(rows, f"{peer} {WHEELS[peer]}", catalogue, "of this checkout")
    drafted = compile_registry([(peer, draft.text.encode())], required=Requirements(CORE))
    assert not drafted.has_errors, [str(one) for one in drafted.findings]
    found = f"{len(draft.entries)} models, {draft.facts} facts, {len(draft.contradictions)} contradictions"
    return f"hypiler import {peer}: {found}, {len(draft.left_out)} left out"


def _finish(text: str, result: Result, options: Namespace) -> int:
    current = PAGE.exists() and PAGE.read_text("utf-8") == text
    if options.write:
        PAGE.write_text(text, "utf-8")
    elif options.check and not current:
        print(f"docs/{PAGE.name} is not current: run tools/compare_with_peers.py --write")
        return 1
    return int(bool(result.failures or (options.check and result.stale)))


def _complaints(result: Result) -> Iterator[str]:
    for one in result.undecided:
        important = " (must be decided)" if FACTS[one.statement.field].important else ""
        yield f"undecided{important}: {' | '.join(one.key)}  [{one.statement.place}]"
    for key in result.stale:
        yield f"stale: {' | '.join(key)}"


def _todo(disagreements: Iterable[Comparison]) -> Iterator[str]:
    """One decision per peer and field, without its text, to be split by reason."""
    groups: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    for one in disagreements:
        groups[one.statement.origin, one.statement.field].append(one)
    for (peer, field), ones in groups.items():
        yield f'\n[[decision]]\npeer = "{peer}"\nfield = "{field}"\ntext = ""\n[decision.models]'
        yield from (f'"{one.model.id}" = {json.dumps([one.ours, one.theirs], ensure_ascii=False)}' for one in ones)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
