"""The figures on the page are those of a committed run, and the floor is counted right."""

import json
from pathlib import Path

import pytest

from patchwidgets.nodes import Node
from tests.bench.floor import needed, needed_by_paths
from tests.bench.plain import SETTERS
from tests.bench.run import SWEEPS, text
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


def test_every_sweep_has_a_plain_counterpart():
    assert set(SWEEPS) == set(SETTERS)


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
