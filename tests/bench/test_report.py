"""The figures in the README are those of a committed run, and the floor is counted right."""

import json
from pathlib import Path

import pytest

from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node
from tests.bench.floor import needed
from tests.bench.run import text

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"


@pytest.mark.parametrize("path", sorted(HERE.glob("results-*.json")), ids=lambda path: path.stem)
def test_the_readme_shows_what_the_committed_run_printed(path):
    assert text(json.loads(path.read_text())) in README.read_text()


def test_there_is_a_committed_run():
    assert sorted(HERE.glob("results-*.json"))


def test_the_floor_counts_what_no_method_can_skip():
    spec = ModelSpec(
        name="tiny",
        family="tiny",
        n_layers=3,
        n_heads=2,
        n_kv_heads=1,
        d_model=4,
        d_head=2,
        d_mlp=8,
        d_vocab=9,
        n_ctx=9,
        gated_mlp=True,
        parallel=False,
    )
    attention, mlp = 4 * 2 * (2 * 2 + 2 * 1), 3 * 4 * 8
    nodes = [Node("z", 0, 1), Node("resid_pre", 2), Node("mlp_out", 1)]
    wanted = 5 * (4 * (2 * (attention + mlp) + mlp) + 3 * (attention + mlp) + 2 * (attention + mlp))
    assert needed(spec, nodes, prompts=5, suffix=[4, 3, 2]) == wanted
