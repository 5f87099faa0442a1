"""Every open folder has a page: a protocol, a checklist, and an example that runs."""

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import patchwidgets as pw
from patchwidgets.charts._chart import Chart
from patchwidgets.charts._drawing import Drawing
from patchwidgets.models.sites import SITES
from patchwidgets.views._wire import Wire

ROOT = Path(__file__).parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
OPEN = [
    ROOT / path
    for path in re.findall(
        r"^\| an? .*?\]\((patchwidgets/\S+README\.md)\)", CONTRIBUTING, re.MULTILINE
    )
]


def example(folder: str) -> Any:
    """Run the one Python example of a page that is a member, and return the member."""
    page = (ROOT / "patchwidgets" / folder / "README.md").read_text(encoding="utf-8")
    (code,) = [
        code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "__all__" in code
    ]
    module = ModuleType("example")
    exec(compile(code, folder, "exec"), module.__dict__)
    (name,) = module.__all__
    return getattr(module, name)


@pytest.fixture(scope="module")
def study():
    return pw.Study("mini", "ioi", n=4, store=False)


def test_the_list_of_open_folders_is_whole():
    inside = {path.parent.relative_to(ROOT / "patchwidgets").as_posix() for path in OPEN}
    assert inside == {
        *("prompts/tasks", "prompts/corruptions", "metrics", "models/sites", "plans/sweeps"),
        *("engine/sources", "advice", "charts", "paper", "views"),
    }


@pytest.mark.parametrize("page", OPEN, ids=lambda path: path.parent.name)
def test_a_page_has_a_protocol_an_example_and_a_checklist(page):
    text = page.read_text(encoding="utf-8")
    assert re.search(r"^## Checklist$", text, re.MULTILINE)
    assert re.search(r"^- \[ \] ", text, re.MULTILINE)
    assert re.search(r"^## (Protocol|Example|What there is)", text, re.MULTILINE)
    assert "```python" in text
    members = [one for one in page.parent.glob("*.py") if not one.name.startswith("_")]
    assert len(members) > 1


def test_the_site_of_the_page_is_the_one_that_is_there():
    assert example("models/sites") == SITES.get("mlp_out")


def test_the_sweep_of_the_page_measures_what_the_whole_sweep_does(study):
    late_heads = example("plans/sweeps")
    half, whole = study.sweep(late_heads), study.sweep("heads")
    found, expected = half.effect(), whole.effect().sel(layer=[2, 3])
    assert found.shape == (2, 8, 4)
    assert abs(found - expected).max() < 1e-4


def test_the_source_of_the_page_writes_half(study):
    halved = study.sweep("mlp", source=example("engine/sources")())
    zero = study.sweep("mlp", source="zero")
    assert halved.provenance["source"] == "halved"
    assert (abs(halved.effect().mean("prompt")) > 0).all()
    assert abs(halved.effect() - zero.effect()).max() > 1e-3


def test_the_chart_of_the_page_is_shown_beside_its_map(study):
    heads = study.sweep("heads")
    drawing = example("charts")(heads)
    assert isinstance(drawing, Drawing)
    assert len(drawing.dots.node) == 32
    assert repr(Chart(drawing, heads)).startswith("32 nodes\neffect across, standard error upwards")


def test_the_view_of_the_page_is_a_part_of_a_payload():
    gauge = example("views")
    assert issubclass(gauge, Wire)
    half = {"label": "faithful", "value": 0.5}
    assert gauge.model_validate(half).model_dump() == half
    with pytest.raises(ValueError, match="finite"):
        gauge.model_validate(half | {"value": float("nan")})
