"""Compares the shipped registries with the tables of mteb, fastembed and litellm, fact by fact.

python tools/compare_with_peers.py            print the figures and what is undecided
python tools/compare_with_peers.py --write    write docs/disagreements.md as well
python tools/compare_with_peers.py --check    also fail if the page is not current, or a decision is missing or stale

The tables are read out of pinned wheels, of which one has 44 MB; pip downloads those that `--wheels` does not hold.
Every disagreement has a decision in tools/peer_decisions.toml, with both values: if one of them changes, somebody has to
decide again. Exit codes: 0 nothing to do, 1 something must be decided or written, 3 the wheels cannot be had.
"""

import os
import subprocess
import sys
import tomllib
from argparse import ArgumentParser, Namespace
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools")]
from peer_facts import FACTS  # noqa: E402 - it lies beside
from peer_source import Wheel  # noqa: E402
from peer_tables import READERS, WHEELS, Statement  # noqa: E402

from hypiler.emit.source_links import shown_source  # noqa: E402
from hypiler.registry import Model, Registry  # noqa: E402

PAGE = ROOT / "docs/disagreements.md"
DECISIONS = ROOT / "tools/peer_decisions.toml"
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
        return self.statement.peer, self.statement.field, self.model.id, self.ours, self.theirs


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

    def keys(self) -> Iterator[Key]:
        """What is decided."""
        for model, (ours, theirs) in self.values.items():
            yield self.peer, self.field, model, ours, theirs


def compare(models: Iterable[Model], statements: Iterable[Statement]) -> tuple[list[Comparison], Counter[str]]:
    """Every fact that both state, once per peer and value, and how many facts per peer we do not state."""
    ours = {_name(model): model for model in models}
    found: dict[Key, Comparison] = {}
    missing: Counter[str] = Counter()
    for statement in statements:
        if (model := ours.get(statement.model)) is not None:
            fact = FACTS[statement.field]
            value = fact.ours(model)
            if value is None:
                missing[statement.peer] += 1
                continue
            texts = fact.texts(value, statement.value)
            one = Comparison(model, statement, fact.agree(value, statement.value), *texts)
            found.setdefault(one.key, one)
    return list(found.values()), missing


def _name(model: Model) -> str:
    return (model.huggingface_id or f"{model.source_api}/{model.source_model}").lower()


def read_decisions(text: str) -> list[Decision]:
    """The decisions of a TOML text. Raises ValueError if a disagreement is decided twice."""
    found = [
        Decision(one["peer"], one["field"], one["text"], {name: tuple(pair) for name, pair in one["models"].items()})
        for one in tomllib.loads(text).get("decision", [])
    ]
    twice = [key for key, times in Counter(key for one in found for key in one.keys()).items() if times > 1]
    if twice:
        raise ValueError(f"decided twice: {twice}")
    return found


@dataclass(frozen=True)
class Result:
    """Comparisons and decisions, held together.

    Attributes:
        comparisons: Every fact that we and a peer state.
        decided: The decision of a disagreement, by its key.
        missing: How many facts of each peer we do not state.
        stale: The keys of decisions about what does not disagree (any more).
    """

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


def judge(comparisons: tuple[list[Comparison], Counter[str]], decisions: list[Decision]) -> Result:
    """Find the decision of every disagreement, and the decisions that decide nothing."""
    found, missing = comparisons
    order = list(FACTS)
    found = sorted(found, key=lambda one: (order.index(one.statement.field), list(WHEELS).index(one.statement.peer)))
    by_key = {key: one for one in decisions for key in one.keys()}
    differing = {one.key for one in found if not one.equal}
    return Result(found, by_key, missing, [key for key in by_key if key not in differing])


def figures(result: Result, name: Any = lambda one: one.statement.peer) -> dict[str, list[int]]:
    """Compared, equal, decided and undecided facts, by peer or by another name of a comparison."""
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for one in result.comparisons:
        kind = 1 if one.equal else 2 if one.key in result.decided else 3
        rows[name(one)][0] += 1
        rows[name(one)][kind] += 1
    return dict(rows)


def _table(head: str, rows: Mapping[str, list[int]]) -> Iterator[str]:
    yield f"| {head} | compared | equal | decided | undecided |\n|---|---|---|---|---|\n"
    total = [sum(column) for column in zip(*rows.values(), strict=True)]
    for name, row in [*rows.items(), ("all", total)]:
        yield f"| {name} | {' | '.join(map(str, row))} |\n"


_HEAD = """\
# Disagreements with other registries

Other packages have tables of models as well. `tools/compare_with_peers.py` compares the shipped registries with three of
them, fact by fact, and writes this page: {wheels}. Their tables are read out of the pinned wheels.
`.ci/run` fails if the page is not current, or if a disagreement on dimensions, pooling, licence, context or prefixes has
no decision.

A fact is compared if both sides state it. It is *equal* if both say the same in the terms of [models.json](models-json.md),
however they write it: `mit` is `MIT`, 109000000 parameters are 109.48M, rounded. It is *decided* if somebody looked at
both values and wrote down which one stands, and why. A decision holds for exactly these two values. {missing}

"""


def page(result: Result) -> str:
    """The text of docs/disagreements.md."""
    wheels = ", ".join(f"{peer} {version}" for peer, version in WHEELS.items())
    missing = ", ".join(f"{count} facts of {peer}" for peer, count in result.missing.items())
    parts = [_HEAD.format(wheels=wheels, missing=f"We do not state {missing}." if missing else "").rstrip() + "\n\n"]
    parts += [*_table("peer", figures(result)), "\n"]
    parts += [*_table("fact", figures(result, lambda one: FACTS[one.statement.field].title))]
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
        groups[one.statement.peer, decision.text if decision else ""].append(one)
    for (peer, text), ones in groups.items():
        yield f"\n**{peer}**: {text or 'undecided.'}\n\n| model | here | {peer} | our source |\n|---|---|---|---|\n"
        for one in ones:
            cells = [f"`{one.model.id}`", _cell(one.ours), f"{_cell(one.theirs)} ({_place(one.statement)})", _source(one)]
            yield f"| {' | '.join(cells)} |\n"


def _place(statement: Statement) -> str:
    return "`" + statement.place.partition(" (")[0].rpartition("/")[2] + "`"


def _source(one: Comparison) -> str:
    """Where our value was read, as a link if the source has an address."""
    path = FACTS[one.statement.field].path
    sources = one.model.sources
    found = next((sources[name] for name in (path, *(key for key in sources if key.startswith(path))) if name in sources), "")
    source = shown_source(found, one.model) if found else None
    if source is None:
        return ""
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
        run = subprocess.run([sys.executable, "-m", "pip", "download", *words], capture_output=True, text=True)
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
    registries = [Registry.shipped(), *(Registry.load(file, lock=False, required="core") for file in options.file)]
    try:
        wheels = {peer: find_wheel(peer, options.wheels) for peer in WHEELS}
    except WheelError as error:
        print(error)
        return 3
    statements = [one for peer, read in READERS.items() for one in read(Wheel(str(wheels[peer])))]
    models = [model for registry in registries for model in registry]
    result = judge(compare(models, statements), read_decisions(DECISIONS.read_text("utf-8")))
    if options.todo:
        print("\n".join(_todo(result.undecided)))
        return 0
    print("".join(_table("peer", figures(result))), *_complaints(result), sep="\n")
    return _finish(page(result), result, options)


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
    import json

    groups: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    for one in disagreements:
        groups[one.statement.peer, one.statement.field].append(one)
    for (peer, field), ones in groups.items():
        yield f'\n[[decision]]\npeer = "{peer}"\nfield = "{field}"\ntext = ""\n[decision.models]'
        yield from (f'"{one.model.id}" = {json.dumps([one.ours, one.theirs], ensure_ascii=False)}' for one in ones)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
