"""What the README tells people to type works."""

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_python_examples_run_one_after_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # they write files
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert "n=30" in blocks[0]
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block.replace("n=30", "n=6"), names)
    heads, into, study = names["heads"], names["into"], names["study"]
    assert heads.wait().progress.state == "done"
    assert into.wait().progress.state == "done"
    assert study.baselines().shape[0] == 1


def test_every_make_target_it_names_is_there():
    named = set(re.findall(r"`make (\w+)`", README)) | set(re.findall(r"^make (\w+)", README, re.M))
    assert {"demo", "test", "lab", "bench"} <= named
    assert all(re.search(rf"^{target}:", MAKEFILE, re.M) for target in named)


def test_every_command_line_it_shows_parses():
    from patchwidgets.cli import _parser

    lines = re.findall(r"^patchwidgets (.*)$", README, re.M)
    assert len(lines) == 7
    for line in lines:
        _parser().parse_args(line.split())


def test_every_member_it_lists_is_there():
    from patchwidgets.metrics import METRICS
    from patchwidgets.models.sites import SITES
    from patchwidgets.plans.sweeps import SWEEPS
    from patchwidgets.prompts.corruptions import CORRUPTIONS
    from patchwidgets.prompts.tasks import TASKS

    for registry in (METRICS, SITES, SWEEPS, TASKS, CORRUPTIONS):
        assert all(f"`{name}`" in README for name in registry.names())


def test_what_it_counts_is_counted():
    from patchwidgets.advice import RULES
    from patchwidgets.prompts.tasks._facts import FACTS

    relations = {fact.relation for fact in FACTS}
    assert f"`facts` ({len(FACTS)} facts, {len(relations)} relations)" in README
    assert f"| advice | {len(RULES.names())} rules on " in README
