"""The figures on the page are those of a committed run, and the floor is counted right."""

import json
from pathlib import Path
from typing import get_args

import pytest

from patchwidgets.nodes import Node
from patchwidgets.plans.plan import PATHS_FROM, Form
from patchwidgets.plans.sweeps import SWEEPS as PLANNED
from tests.bench.floor import needed, needed_by_paths
from tests.bench.kinds import KINDS, started
from tests.bench.plain import SETTERS, Plain
from tests.bench.run import SAMPLE, SWEEPS, kind_row, sweep_row, table, text
from tests.families import PAIRS, study_of, tiny
from tests.plain_spec import SPEC

HERE = Path(__file__).parent
README = HERE / "README.md"


@pytest.mark.parametrize("path", sorted(HERE.glob("results-*.json")), ids=lambda path: path.stem)
def test_the_page_shows_what_the_committed_run_printed(path):
    assert text(json.loads(path.read_text())) in README.read_text()


@pytest.mark.parametrize("path", sorted(HERE.glob("results-*.json")), ids=lambda path: path.stem)
def test_a_comparison_costs_at_most_15_percent_more_than_its_sweeps(path):
    against = {one["what"]: one for one in json.loads(path.read_text())["against"]}
    compared = against["2 corruptions x 4 metrics on the head map"]
    assert compared["against"] == "the two sweeps with one metric"
    assert compared["seconds"] <= 1.15 * compared["their_seconds"]


def test_there_is_a_committed_run():
    assert sorted(HERE.glob("results-*.json"))


@pytest.mark.parametrize("path", sorted(HERE.glob("results-*.json")), ids=lambda path: path.stem)
def test_a_committed_run_has_every_row(path):
    run = json.loads(path.read_text())
    assert {one["sweep"] for one in run["rows"]} >= set(SWEEPS)
    assert {one["sweep"] for one in run["kinds"]} == set(KINDS)


def test_every_sweep_has_a_plain_counterpart():
    assert set(SWEEPS) == set(SETTERS)


def test_every_kind_of_sweep_and_path_has_a_row():
    rows = [*SWEEPS.values(), *KINDS.values()]
    assert {name for name, _ in rows} == {*PLANNED.names(), "path", PATHS_FROM}
    paths = [options for name, options in rows if name == "path"]
    assert {one.get("form", "pinned") for one in paths} == set(get_args(Form))
    assert any("through" in one for one in paths)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("neurons", {"block": 8}),
        ("joint", {"sets": {"two": ["L1H0", "L2H1"], "three": ["L0H0", "L1H1", "L2H2"]}}),
        (PATHS_FROM, {"sender": "L0H1"}),
        ("path", {"receivers": ["L2H1.v"], "through": ["L1.mlp_in"]}),
        ("path", {"receivers": ["L2H1.v"], "form": "direct"}),
    ],
)
def test_whole_forward_passes_measure_the_same_cells(name, options, monkeypatch):
    monkeypatch.setitem(KINDS, "here", (name, options))
    study = study_of(tiny("llama"), PAIRS)
    row = kind_row(study, "here")
    assert row["cells"] == len(started(study, "here").plan.patches)
    assert row["plain_cells_timed"] == min(SAMPLE, row["cells"])
    assert row["largest_difference"] < 1e-4
    (line,) = [one for one in table("kind", [row]) if one.startswith("here ")]
    assert len(line) == len(table("kind", [row])[0])


def test_the_plain_sweep_of_patterns_and_attention_measures_the_same_cells():
    study = study_of(tiny("llama"), PAIRS)
    for kind in ("patterns", "attn by position"):
        assert sweep_row(study, Plain(study), kind)["largest_difference"] < 1e-4


KEYS_VALUES, VALUE, MLP = 4 * 2 * 2, 4 * 2, 3 * 4 * 8
ATTENTION = 4 * 2 * (2 * 2 + 2 * 1)
BLOCK = ATTENTION + MLP


def last(positions):
    return positions * KEYS_VALUES + BLOCK - KEYS_VALUES


def test_the_floor_counts_what_no_method_can_skip():
    nodes = [Node("z", 0, 1), Node("resid_pre", 2), Node("mlp_out", 1), Node("z", 2, 0)]
    wanted = (4 * (BLOCK + MLP) + last(4)) + last(3) + last(2) + MLP
    assert needed(SPEC, nodes, prompts=5, suffix=[4, 3, 2, 4]) == 5 * wanted


def test_the_floor_of_paths_counts_the_mlps_on_the_way():
    receiver = Node("v", 1, 0)
    live = 4 * MLP + last(4)
    senders = [Node("z", 0, 1), Node("mlp_out", 0), Node("embed")]
    wanted = [4 * (MLP + VALUE) + live, 4 * VALUE + live, 4 * (MLP + VALUE) + live]
    assert needed_by_paths(SPEC, senders, receiver, prompts=5, positions=4) == 5 * sum(wanted)
