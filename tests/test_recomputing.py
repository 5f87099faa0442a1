"""`pw.recompute`: the paper's claims from Python."""

import json

import pytest

import patchwidgets as pw
from patchwidgets.errors import PatchwidgetsError, UnknownNameError
from tests.models.tiny_ioi import tiny_ioi

CLAIM = "noise_keeps_the_answer"


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def recomputed(told):
    return pw.recompute(tiny_ioi(), [CLAIM], n=3, tell=told.append)


def test_a_claim_comes_with_its_numbers_and_a_verdict(recomputed, told):
    assert recomputed.verdicts == {CLAIM: "cannot be said"}
    table = recomputed.table()
    assert list(table["claim"]) == [CLAIM] * len(recomputed.report.outcomes[0].finding.checks)
    assert table["low"].le(table["value"]).all()
    assert table["value"].le(table["high"]).all()
    assert set(table["pairs"]) == {3}
    assert told[0].startswith("1 of 18 claims on tiny-ioi, 3 pairs: about ")


def test_it_shows_itself_in_a_notebook_and_in_a_terminal(recomputed):
    number = f"{recomputed.table()['value'][0]:.3g} ["
    html = recomputed._repr_html_()
    for shown in (html, repr(recomputed)):
        assert CLAIM in shown
        assert number in shown
    assert "3 pairs, and 20 are needed" in html
    assert "<script" not in html
    assert max(map(len, repr(recomputed).splitlines())) <= 120


def test_its_text_is_no_output_of_its_own_in_a_notebook(recomputed, monkeypatch):
    """In Jupyter, `rich` displays what is printed instead of writing it."""
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert CLAIM in repr(recomputed)
    assert "\x1b" not in repr(recomputed)


def test_it_is_saved_as_the_command_writes_it(recomputed, tmp_path):
    document = json.loads(recomputed.save(tmp_path / "paper.json").read_text("utf-8"))
    assert document == json.loads(json.dumps(recomputed.report.to_json()))
    assert document["format"] == "patchwidgets-paper"


def test_what_means_nothing_is_refused_before_a_model_is_loaded():
    with pytest.raises(UnknownNameError, match="There is no claim called 'noise_peek'"):
        pw.recompute("no-such-model", ["noise_peek"])
    with pytest.raises(PatchwidgetsError) as caught:
        pw.recompute("no-such-model", n=0)
    assert str(caught.value) == (
        "0 prompt pairs were asked for. Nothing can be measured on fewer than one, and nothing is "
        "decided on fewer than 20. Set `n` to 32, or leave it out."
    )
