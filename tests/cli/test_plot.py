"""`hypiler list --plot`: scores against sizes, among scores over the same data sets."""

import re
from pathlib import Path

import pytest
from golden import golden

from hypiler.cli.list import _SIZES
from hypiler.cli.main import main
from hypiler.cli.plot import SIZES, plot_lines
from hypiler.cli.terminal import Page
from hypiler.diagnostics.terminal_text import columns_of
from hypiler.registry import Model, Registry
from hypiler.schema.parameter_counts import parameter_count

ALL: list[Model] = list(Registry.shipped(hosted=True))
SCORED = [model for model in ALL if model.beir_datasets == "beir-15" and model.parameters]


def listed(lines: list[str]) -> list[str]:
    """The ids of the frontier, in the order of their letters."""
    found = [re.match(r"([A-Z])  (\S+)", line) for line in lines]
    letters = [match for match in found if match]
    assert [match[1] for match in letters] == [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(letters)]]
    return [match[2] for match in letters]


def size_of(model: Model) -> float:
    return parameter_count(model.parameters or "0M")


def test_frontier_is_what_no_other_model_beats() -> None:
    ids = listed(plot_lines(SCORED, "parameters", Page(width=80)))
    beaten = {
        model.id
        for model in SCORED
        for other in SCORED
        if size_of(other) <= size_of(model)
        and (other.beir_avg or 0) >= (model.beir_avg or 0)
        and (size_of(other), other.beir_avg) != (size_of(model), model.beir_avg)
    }
    assert len(ids) > 2
    assert set(ids) == {model.id for model in SCORED} - beaten
    sizes = [size_of(model) for id in ids for model in SCORED if model.id == id]
    assert sizes == sorted(sizes)


def test_groups_of_data_sets_have_plots_of_their_own() -> None:
    lines = plot_lines(ALL, "parameters", Page(width=80))
    titles = [line.split(":")[0] for line in lines if line.startswith("beir-")]
    sets = {model.beir_datasets for model in ALL if model.parameters and model.beir_datasets}
    counts = {name: sum(1 for m in ALL if m.parameters and m.beir_avg and m.beir_datasets == name) for name in sets}
    assert titles == sorted([str(name) for name, count in counts.items() if count > 1], key=lambda name: int(name[5:]))
    assert golden("scores over different data sets cannot be compared") in lines
    drawn = sum(count for count in counts.values() if count > 1)
    assert f"not drawn: {len(ALL) - drawn} of {len(ALL)} models" in " ".join(lines)


def test_points_lie_at_their_scores_and_sizes() -> None:
    """The best score is at the top, the least at the bottom; sizes ascend to the right."""
    lines = plot_lines(SCORED, "parameters", Page(width=80))
    rows = [line.partition("|")[2] for line in lines if "|" in line]
    assert len(rows) == 12
    best = max(SCORED, key=lambda model: model.beir_avg or 0)
    ids = listed(lines)
    assert best.id in ids
    assert "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[ids.index(best.id)] in rows[0]
    assert rows[-1].strip()
    columns = [max(row.find(letter) for row in rows) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(ids)]]
    shown = [column for column in columns if column >= 0]
    assert shown == sorted(shown)
    assert columns[0] >= 0


def test_one_size_is_one_column() -> None:
    same = [model for model in SCORED if model.embedding_dim == 768]
    lines = plot_lines(same, "dim", Page(width=60))
    assert {line.partition("|")[2] for line in lines if "|" in line} <= {"", "A", "o"}
    assert lines[lines.index(next(line for line in lines if "+--" in line)) + 1].strip() == "768"


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 100, 140])
@pytest.mark.parametrize("against", SIZES)
def test_plot_fits_the_terminal_and_ids_are_whole(width: int, against: str) -> None:
    lines = plot_lines(ALL, against, Page(width=width))
    assert [line for line in lines if columns_of(line) > width and not re.fullmatch(r"[A-Z]  \S+", line)] == []
    words = {word for line in lines for word in line.split()}
    wide = plot_lines(ALL, against, Page(width=140))
    ids = {model.id for model in ALL}
    assert {word for line in wide for word in line.split()} & ids <= words


def test_command_draws_what_passes_the_filters(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["list", "--shipped", "--type", "colbert", "--plot", "dim"]) == 0
    out = capsys.readouterr().out
    models = [model for model in ALL if model.model_type == "colbert"]
    assert out.splitlines() == [line.rstrip() for line in plot_lines(models, "dim", Page())]
    assert out.isascii()
    assert main(["list", "--shipped", "--type", "colbert", "--plot"]) == 0
    assert "against parameters" in capsys.readouterr().out
    assert main(["list", "--shipped", "--type", "time-series", "--plot"]) == 0
    assert capsys.readouterr().out == golden(
        "not drawn: 2 of 2 models, which have no parameters, no score, or data sets of their own\n"
    )


def test_sizes_are_those_that_the_option_takes() -> None:
    assert tuple(SIZES) == _SIZES
