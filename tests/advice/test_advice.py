"""Advice as a list: asked of studies and results, silenced, shown."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patchwidgets import Result, advice
from patchwidgets.advice import RULES, Advice, AdviceList, Rule, rule
from patchwidgets.advice._asking import about_study
from patchwidgets.errors import UnknownNameError
from tests.advice.made import PAIR, facts, result
from tests.models.tiny_ioi import ioi_study

WEAK = facts(dtype="float16", sites=("S2", "ABC"), groups=("ABBA", "BABA") * 2)
NAMES = ["half_precision", "too_few_to_test", "one_corruption_site"]


@rule("study", "error", reason="<b>Why</b>", source="Us & them", todo="`x < 1`")
def has_pairs(facts):
    """There are prompt pairs."""
    return (
        (len(facts.groups), f"There are {len(facts.groups)} > 0 pairs.") if facts.groups else None
    )


@pytest.fixture
def restored():
    yield
    advice.restore()


def test_the_severe_come_first():
    assert about_study(WEAK).names == NAMES
    assert about_study(WEAK, also=[has_pairs]).names == ["has_pairs", *NAMES]


@pytest.mark.parametrize("name", RULES.names())
def test_a_rule_has_its_file_name_and_says_why_and_what_to_do(name):
    member = RULES.get(name)
    assert isinstance(RULES.get(name), Rule)
    assert member.name == name
    assert member.reason.endswith(".")
    assert member.todo.endswith(".")
    assert member.source


def test_rules_are_silenced_by_name_for_one_call():
    assert about_study(WEAK, silence="half_precision").names == NAMES[1:]
    assert about_study(WEAK, silence=NAMES[:2]).names == NAMES[2:]
    assert about_study(WEAK, ["has_pairs"], [has_pairs]).names == NAMES


def test_rules_are_silenced_for_the_session(restored):
    advice.silence("half_precision", "one_corruption_site")
    assert about_study(WEAK).names == ["too_few_to_test"]
    advice.restore("half_precision")
    assert about_study(WEAK).names == NAMES[:2]
    advice.restore()
    assert about_study(WEAK).names == NAMES


@pytest.mark.parametrize("ask", [lambda n: about_study(WEAK, n), advice.silence, advice.restore])
def test_silencing_what_is_no_rule_is_refused(ask):
    known = ", ".join(f"`{name}`" for name in RULES.names())
    with pytest.raises(UnknownNameError) as refused:
        ask("half_precison")
    assert str(refused.value) == (
        "There is no advice rule called 'half_precison'. Did you mean `half_precision`? "
        f"Known: {known}."
    )


def test_advice_is_text():
    (first, *_) = listed = about_study(WEAK, NAMES[1:])
    assert (
        repr(listed)
        == str(first)
        == (
            "warning: The model computes in float16, which keeps 11 significant bits. "
            "[half_precision]\n"
            "  why: A logit of 10 is then known to 0.03 or worse, so that small effects are "
            "rounding. "
            "(TransformerLens, guide to numerical divergence)\n"
            "  do:  Load the model in float32; else compare effects with "
            "`result.provenance['noise_floor']`."
        )
    )
    assert repr(about_study(facts())) == "No advice."


def test_advice_is_html_in_which_nothing_is_markup():
    listed = about_study(WEAK, NAMES, [has_pairs])
    assert listed._repr_html_() == (
        "<ul><li><b>error</b>: There are 4 &gt; 0 pairs. <code>has_pairs</code><br>"
        "&lt;b&gt;Why&lt;/b&gt; <i>Us &amp; them</i><br>`x &lt; 1`</li></ul>"
    )
    assert about_study(facts())._repr_html_() == "<p>No advice.</p>"


def test_a_part_of_a_list_is_one():
    listed = about_study(WEAK)
    assert isinstance(listed[:1], AdviceList)
    assert listed[:1].names == NAMES[:1]
    assert isinstance(listed[0], Advice)
    assert listed.at_least("warning").names == NAMES[:2]
    assert listed.at_least("error").names == []
    with pytest.raises(UnknownNameError, match=r"^There is no severity called 'bad'\. Known: "):
        listed.at_least("bad")


def test_notes_are_counted_in_short_lines():
    assert about_study(WEAK, NAMES[1:2]).lines() == [
        "advice: warning: The model computes in float16, which keeps 11 significant bits. "
        "[half_precision]",
        "advice: 1 note more: see `.advice()`",
    ]
    assert about_study(facts()).lines() == []


def test_a_result_advises_on_its_study_too_and_after_it_was_saved(tmp_path):
    made = result(about={"dtype": "float16", "source": "zero"})
    loaded = Result.load(made.save(tmp_path / "result.json"))
    assert made.advice().names == loaded.advice().names == ["half_precision", "zero_ablation"]
    assert loaded.advice(silence="zero_ablation").names == ["half_precision"]


def test_a_real_study_shows_its_advice_in_its_text():
    study = ioi_study(metric="logit_diff")
    given = study.advice()
    assert "too_few_to_test" in given.names
    assert "one_corruption_site" in given.names
    lines = repr(study).split("\n")
    assert lines[-len(given.lines()) :] == given.lines()
    assert any(re.search(r"3 prompt pairs .* 0\.25\. \[too_few_to_test\]$", one) for one in lines)
    made = study.sweep("heads").wait()
    study_names = {name for name in made.advice().names if RULES.get(name).about == "study"}
    assert study_names == set(given.names)


def test_noise_is_advised_on_from_a_real_study():
    study = ioi_study(metric="logit_diff", corruption="gaussian_noise")
    assert "noise_not_needed" in study.advice().names
    assert "few_noise_draws" not in study.advice().names


def test_the_example_of_the_readme_is_a_rule():
    readme = Path(advice.__file__).with_name("README.md").read_text(encoding="utf-8")
    (code,) = (one for one in re.findall(r"```python\n(.*?)```", readme, re.S) if "@rule" in one)
    names: dict[str, Any] = {"study": ioi_study()}
    exec(code, names)
    long = replace(PAIR, clean=(1,) * 201, corrupted=(2,) * 201)
    (said,) = about_study(
        facts(prompts=(long,), groups=("ABBA",) * 100), RULES.names(), [names["long_prompts"]]
    )
    assert (said.name, said.sentence) == ("long_prompts", "The longest prompt has 201 tokens.")
