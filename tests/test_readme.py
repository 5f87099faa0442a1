"""What the front page and the tour say is so, and what they tell people to type works."""

import importlib.util
import inspect
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import transformer_lens.patching as theirs

import patchwidgets as pw
from patchwidgets.cli import main
from tests import front_page
from tests.families import tiny

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOUR = (ROOT / "patchwidgets" / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PAGES = sorted(
    path
    for folder in ("", "patchwidgets/", "tests/", "js/src/")
    for path in ROOT.glob(f"{folder}**/*.md" if folder else "*.md")
)


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)


def replaced(text: str, old: str, new: str) -> str:
    assert old in text, f"{old!r} is no longer there to be replaced by {new!r}"
    return text.replace(old, new)


def test_its_tables_are_those_of_the_registries():
    assert front_page.written(README) == README, "python -m tests.front_page"


def test_every_family_has_a_name_that_people_know():
    assert set(front_page.FAMILY_NAMES) == set(front_page.EVERY_FAMILY)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_ten_lines_find_what_they_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = blocks(README, "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    names: dict[str, Any] = {}
    exec(replaced(code, "n=8", "n=4"), names)
    found, into = names["heads"].detect(sd=2), names["into"]
    assert found.positive[:2] == ("L23H3", "L20H0")
    assert {"L29H0", "L24H4"} <= set(found.negative)
    assert into.table()["node"][0] == "L17H4"
    assert (tmp_path / "ioi.html").stat().st_size > 100_000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tour_runs_from_start_to_end(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks(TOUR, "python"):
        exec(block, names)
    heads, into, study = names["heads"], names["into"], names["study"]
    assert heads.detect().positive[0] == "L2H0"
    assert into.wait().progress.state == "done"
    assert study.baselines().shape[0] == 24
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {
        *("agreement.study.json", "agreement.html"),
        *("heads.pdf", "heads.csv", "circuit.svg", "methods.csv"),
    }


def test_every_make_target_it_names_is_there():
    named = set(re.findall(r"`make (\w+)`", README)) | set(re.findall(r"^make (\w+)", README, re.M))
    assert {"demo", "test", "lab", "bench"} <= named
    assert all(re.search(rf"^{target}:", MAKEFILE, re.M) for target in named)


def dry(target: str) -> str:
    """Return the commands that a target runs, as make itself writes them, installing included."""
    return subprocess.run(
        ["make", "--dry-run", "--always-make", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_make_demo_ends_with_heads_a_page_and_the_next_command(tmp_path, monkeypatch, capsys):
    """Its command is run on mini with 2 pairs: installing and SmolLM2 take minutes."""
    monkeypatch.chdir(tmp_path)
    commands = dry("demo")
    assert commands.index("-m venv") < commands.index("pip install") < commands.index("run ioi")
    (command,) = re.findall(r"^.venv/bin/patchwidgets (.*)$", commands, re.M)
    small = replaced(replaced(command, "smollm2-135m", "mini"), "--n 8", "--n 2")
    assert main(shlex.split(small)) == 0
    assert "L0H0" in capsys.readouterr().out
    assert (tmp_path / "ioi.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    last = [line for line in commands.splitlines() if line.startswith("echo")][-2:]
    said = subprocess.run(["bash", "-c", "\n".join(last)], capture_output=True, text=True).stdout
    assert re.search(r"^Minutes until this first map, .*: \d+:\d\d$", said, re.M)
    assert said.endswith(
        "open ioi.html in a browser, or type `make lab` to click on a live model.\n"
    )


def test_make_lab_opens_a_tutorial_that_is_there():
    """JupyterLab itself is started by every test in `tests/e2e`."""
    (notebook,) = re.findall(r"^.venv/bin/jupyter lab (\S+)$", dry("lab"), re.M)
    assert (ROOT / notebook).is_file()


def test_make_bench_runs_a_module_that_is_there():
    """The bench takes minutes; `tests/bench` looks at its parts and at what it printed."""
    (module,) = re.findall(r"^.venv/bin/python -m (\S+) --out", dry("bench"), re.M)
    assert runs(module)


def runs(module: str) -> bool:
    found = importlib.util.find_spec(module)
    if found is not None and found.submodule_search_locations:
        found = importlib.util.find_spec(f"{module}.__main__")
    assert found is not None, module
    assert found.origin is not None
    return "__name__ ==" in Path(found.origin).read_text(encoding="utf-8")


def test_every_module_that_a_page_tells_people_to_run_is_there():
    named = {one for page in PAGES for one in re.findall(r"python -m ([\w.]+)", page.read_text())}
    ours = {one for one in named if one.startswith(("tests.", "patchwidgets."))}
    assert {"tests.latency", "patchwidgets.models.mini.train"} <= ours
    assert [one for one in sorted(ours) if not runs(one)] == []


SMALLER = {"--n 8": "--n 2", "--top 30": "--top 5"}
"""The command lines of the page run on mini, with fewer prompts."""


def test_every_command_line_it_shows_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(tmp_path / "cache"))
    pw.Study("mini", "ioi", n=2).sweep("mlp").save("result.json")
    lines = re.findall(r"^patchwidgets (.*)$", README, re.M)
    assert len(lines) == 8
    for line in lines:
        small = line
        for old, new in SMALLER.items():
            small = small.replace(old, new)
        if line.startswith("run"):
            small = f"{replaced(line, '--n 8', '--n 2')} --model mini"
        if line.startswith("paper"):
            small = f"{line} --model mini --n 2 --minutes 1"
        assert main(shlex.split(small)) == 0, capsys.readouterr().err
    assert {path.name for path in tmp_path.glob("*.html")} == {
        *("ioi.html", "result.html", "facts.html"),
    }


def test_every_link_within_the_repository_leads_somewhere():
    for page in PAGES:
        text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset)="(.*?)"', text)
        for target in targets:
            if not re.match(r"https?:|#", target):
                assert (page.parent / target.partition("#")[0]).exists(), (page, target)


def test_what_it_says_of_transformer_lens_is_still_so():
    functions = [one for _, one in inspect.getmembers(theirs, inspect.isfunction)]
    options = {name for one in functions for name in inspect.signature(one).parameters}
    assert not {"senders", "receivers", "through", "positions", "batch_size", "resume"} & options
    path = inspect.signature(theirs.get_act_patch_direct_path).parameters
    assert {"src_layer", "src_head", "component"} <= set(path)
    with pytest.raises(ValueError, match=r"GQA|grouped"):
        theirs._check_direct_path_support(tiny("llama"), [0], "k")
    source = inspect.getsource(theirs.generic_activation_patch)
    assert "model.run_with_hooks(" in source
    assert not re.search(r"bonferroni|holm|fdr|max_t", inspect.getsource(theirs), re.IGNORECASE)
