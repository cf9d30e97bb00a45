"""What the commands cost as whole processes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab import Lab, tool
from table import Figure, Row, at_least, at_most, skipped
from timing import Command, in_turns

_BUILD = {100: 5.0, 1_000: 12.0, 10_000: 75.0}
_GENERATOR = {100: 8.0, 1_000: 5.0, 10_000: 1.2}
_LARGE, _FEW_ROUNDS = 10_000, 7
_CHECKED, _FAULTS, _CHECK = 100, 20, 4.5
_COMMIT = "0" * 40
_FILES = ["config.json", "model.safetensors", "modules.json", "tokenizer.json"]


def build_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Time `hypiler build` into an empty folder."""
    generator = tool("datamodel-codegen")
    for size in sizes:
        registry = lab.registry(size)
        commands = {"pass": lab.nothing(), "ours": _build(lab, registry)}
        if generator:
            commands["generator"] = _generator(lab, generator, registry)
        took = in_turns(commands, rounds if size < _LARGE else min(rounds, _FEW_ROUNDS))
        ours, floor = took["ours"], took["pass"]
        note = f"{ours.middle:.3g} ms, least {ours.best:.3g}; pass {floor.middle:.3g}"
        figure = Figure(ours.middle / floor.middle, " x pass", note)
        yield at_most("`hypiler build`, whole process", size, figure, _BUILD.get(size))
        what = "  times quicker than datamodel-code-generator"
        if generator:
            theirs = took["generator"].middle
            figure = Figure(theirs / ours.middle, " x", f"{theirs:,.0f} ms")
            yield at_least(what, size, figure, _GENERATOR.get(size))
        else:
            yield skipped(what, "datamodel-code-generator", "pip install .[bench]")


def _build(lab: Lab, registry: Path) -> Command:
    out = lab.folder / "built"

    def remove() -> None:
        for name in ("model_registry.py", "model_registry.pyi"):
            (out / name).unlink(missing_ok=True)

    arguments = [lab.hypiler, "build", str(registry), "--out", str(out)]
    return Command(arguments, lab.folder, before=remove)


def _generator(lab: Lab, program: str, registry: Path) -> Command:
    out = lab.folder / "generator"
    out.mkdir(exist_ok=True)
    given = ["--input", str(registry), "--input-file-type", "json"]
    return Command([program, *given, "--output", str(out / "models.py")], out)


def check_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Time `hypiler check` of a clean file and of one with faults, alone and beside a lock."""
    faulty = lab.file("faulty.json", lambda path: path.write_text(_faulty(lab)))
    clean = Command([lab.hypiler, "check", str(lab.registry(_CHECKED))], lab.folder)
    report = Command([lab.hypiler, "check", str(faulty)], lab.folder, code=1)
    as_json = Command([*report.arguments, "--format", "json"], lab.folder, code=1)
    count = sum(finding["severity"] != "note" for finding in json.loads(as_json.run())["findings"])
    if count != _FAULTS:
        raise RuntimeError(f"hypiler check found {count} faults, not {_FAULTS}")
    commands = {"pass": lab.nothing(), "clean": clean, "with 20 faults": report}
    commands |= {"with a lock": _beside_lock(lab, 0), "with a lock and 20 faults": _beside_lock(lab, _FAULTS)}
    took = in_turns(commands, rounds)
    floor = took.pop("pass")
    for name, sample in took.items():
        what = f"`hypiler check`, {name}, whole process"
        note = f"{sample.middle:.3g} ms, least {sample.best:.3g}; pass {floor.middle:.3g}"
        yield at_most(what, _CHECKED, Figure(sample.middle / floor.middle, " x pass", note), _CHECK)


def _beside_lock(lab: Lab, faults: int) -> Command:
    """Check a registry whose facts are in a lock, of which so many differ."""
    folder = lab.folder / f"lock-{faults}"
    folder.mkdir(exist_ok=True)
    registry = json.loads(lab.registry(_CHECKED).read_text())
    models = registry["models"]
    for model in models:
        model["revision"] = _COMMIT
    lock = {"version": 2, "models": {model["id"]: _locked(model) for model in models}}
    for number in range(faults):
        models[number * _CHECKED // faults]["specs"]["hidden_dim"] += 1
    (folder / "models.json").write_text(json.dumps(registry, indent=2))
    (folder / "models.lock.json").write_text(json.dumps(lock, indent=2))
    command = Command([lab.hypiler, "check", "models.json"], folder, code=1 if faults else 0)
    if f"{faults} errors" not in command.run() and faults:
        raise RuntimeError(f"hypiler check did not find {faults} facts that differ")
    return command


def _locked(model: dict[str, Any]) -> dict[str, Any]:
    """Give the entry of a model in a lock, with the facts that are usually read of files."""
    facts = {f"specs.{name}": value for name, value in model["specs"].items() if name != "parameters"}
    facts |= {f"architecture.{name}": model["architecture"][name] for name in ("type", "has_projection")}
    facts |= {"capabilities.languages": model["capabilities"]["languages"], "license": model["license"]}
    known = {name: {"value": value, "file": "config.json", "key": name, "note": ""} for name, value in facts.items()}
    file = {"sha256": "0" * 64, "size": 1_000, "read": "commit"}
    files = dict.fromkeys([*_FILES, *model["files"]["weights"].values()], file)
    kept = {"repository": model["huggingface_id"], "revision": _COMMIT, "date": "2026-01-31", "complete": True}
    return {**kept, "files": files, "facts": known}


def _faulty(lab: Lab) -> str:
    """Give a registry with one fault in some of its models, each sort in turn."""
    registry = json.loads(lab.registry(_CHECKED).read_text())
    for number in range(_FAULTS):
        _plant(registry["models"][number * _CHECKED // _FAULTS], number)
    return json.dumps(registry, indent=2)


def _plant(model: dict[str, Any], number: int) -> None:
    match number % 5:
        case 0:
            model["specs"]["vocab_size"] = str(model["specs"]["vocab_size"])
        case 1:
            del model["license"]
        case 2:
            model["capabilities"]["languages"] = ["en", "jp"]
        case 3:
            model["performance"]["beir_average"] = 0.5
        case 4:
            model["huggingface_id"] = model["id"]
