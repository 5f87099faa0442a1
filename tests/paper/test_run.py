"""Claims measured on a tiny model of GPT-2's shape: everything but the numbers is as on GPT-2."""

import json
import re
from functools import cache
from io import StringIO
from typing import Any

import pytest
import torch
from rich.console import Console
from transformer_lens.model_bridge import TransformerBridge
from transformers import GPT2Config, GPT2LMHeadModel

from patchwidgets.advice import restore, silence
from patchwidgets.errors import PatchwidgetsError
from patchwidgets.paper import CLAIMS
from patchwidgets.paper._page import page
from patchwidgets.paper._printed import print_report
from patchwidgets.paper._run import chosen_claims, measure
from tests.models.tiny_ioi import ioi_tokenizer, tiny_ioi

ASKED = ["circuit_heads", "noise_peak"]


@cache
def tiny_gpt2():
    """Return a random model with as many layers and heads as GPT-2, that knows IOI's words."""
    torch.manual_seed(0)
    tokenizer = ioi_tokenizer()
    sizes: dict[str, Any] = {"n_layer": 12, "n_head": 12, "n_embd": 48, "n_positions": 64}
    model = GPT2LMHeadModel(
        GPT2Config(vocab_size=len(tokenizer), initializer_range=0.2, **sizes)
    ).eval()
    model.config.architectures = ["GPT2LMHeadModel"]
    return TransformerBridge.boot_transformers(
        "gpt2", hf_model=model, tokenizer=tokenizer, device="cpu"
    )


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def report(told):
    return measure(tiny_gpt2(), chosen_claims(ASKED), n=2, minutes=10, tell=told.append)


def outcome(report, name):
    return next(one for one in report.outcomes if one.claim.name == name)


def printed(report):
    console = Console(width=220, record=True, file=StringIO())
    print_report(console, report)
    return console.export_text()


@pytest.fixture(scope="module")
def small():
    """Return the reports of two claims on attention, on a model of 3 layers with 4 heads each."""
    claims = [CLAIMS.get("name_mover_attention"), CLAIMS.get("restoring_inhibition")]
    return [
        measure(tiny_ioi(), [claim], n=3, seed=seed)
        for claim, seed in zip(claims, (3, 0), strict=True)
    ]


def test_claims_come_in_the_order_of_the_paper():
    names = [claim.name for claim in chosen_claims(None)]
    assert (names[0], names[-1]) == ("noise_peak", "greater_than_noise")
    sections = [claim.place[1] for claim in chosen_claims(None)]
    whole = [place for place in sections if place[0].isdigit()]
    assert sections[: len(whole)] == whole == sorted(whole)
    asked = ["circuit_heads", "noise_peak", "circuit_heads"]
    assert [claim.name for claim in chosen_claims(asked)] == ["noise_peak", "circuit_heads"]


def test_two_pairs_give_numbers_and_no_verdict(report):
    one = outcome(report, "circuit_heads")
    assert 0 <= one.finding.checks[0].number.value <= 1
    assert one.verdict == "cannot be said"
    assert one.finding.checks[0].why == "2 pairs, and 20 are needed"
    assert one.seconds > 0


def test_a_task_that_cannot_be_asked_leaves_the_other_claims(report):
    one = outcome(report, "noise_peak")
    assert one.verdict == "cannot be said"
    assert one.finding is None
    assert "facts" in one.reason


def test_a_sweep_that_two_claims_need_is_measured_once(report, told):
    sweeps = [line for line in told if "pairs, about" in line and "if nothing" not in line]
    names = [line.split(":")[0] for line in sweeps]
    assert sorted(set(names)) == sorted(names)
    assert "ioi heads, replacement of S2" in names
    assert report.provenance["ioi heads, replacement of S2"]["seed"] == 0


def test_the_table_has_the_papers_heads_and_ours(report):
    text = printed(report)
    assert "published (GPT-2 small)" in text
    assert "published (GPT-2 XL)" in text
    table = outcome(report, "circuit_heads").finding.tables[0]
    assert table.columns[-1] == "agreement"
    for row in table.rows:
        ((found, others),) = re.findall(r"^(\d+) of \d+ found, (\d+) others$", row[-1])
        assert int(found) + int(others) == len(row[2].replace("none", "").split())
        assert row[3] in text
    assert "Heads of the circuit (table 1)" in text
    assert re.search(r"all +│ [\d.]+ +│ [\d.]+", text)


def test_name_movers_and_their_attention_are_found(small):
    (one,) = small[0].outcomes
    assert one.finding is not None
    assert re.fullmatch(r"Attention of L\dH\d(, L\dH\d)*", one.finding.tables[0].title)
    for row in one.finding.tables[0].rows:
        assert 0 < sum(map(float, row[1:4])) <= 1


def test_the_values_of_inhibition_heads_are_restored(small):
    (one,) = small[1].outcomes
    assert one.finding is not None
    assert re.search(r"by the values of L\dH\d", one.finding.tables[0].title)
    replaced, noised = (float(row[1]) for row in one.finding.tables[0].rows)
    assert one.finding.checks[0].number.value == pytest.approx(replaced - noised, abs=0.02)


def test_the_page_needs_nothing_but_a_browser(report):
    html = page(report)
    assert html.startswith("<!doctype html>")
    assert "http" not in re.sub(r"arXiv \S+", "", html).replace(
        "Content-Security", ""
    ).lower().replace("http-equiv", "")
    assert "<script" not in html
    assert html.count('<tr class="claim">') == len(ASKED)


def test_json_has_every_number_and_where_it_is_from(report):
    data = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert data["model"] == "gpt2"
    assert (data["n"], data["seed"], data["fewest_pairs"]) == (2, 0, 20)
    assert [claim["name"] for claim in data["claims"]] == [
        one.claim.name for one in report.outcomes
    ]
    (check,) = data["claims"][1]["checks"]
    assert check["value"] == outcome(report, "circuit_heads").finding.checks[0].number.value
    assert check["asked"] == "above 0.25"
    assert data["sweeps"]["ioi heads, noise of S2"]["noise"]["draws"] == 2
    assert "torch" in data["versions"]


SIZES = {
    "too_few_to_test": "With 2 prompt pairs the smallest p that can come out is 0.5.",
    "few_noise_draws": "Every prompt pair was noised 2 times.",
}


def test_the_advice_on_sizes_is_in_the_report(report):
    """Two pairs and two draws: every study of IOI has the first, those with noise the second."""
    advice = report.to_json()["advice"]
    assert {one["name"]: one["sentence"] for one in advice} == SIZES
    assert {one["severity"] for one in advice} == {"warning"}
    assert [one["studies"] for one in advice] == [
        ["ioi, replacement of S2", "ioi, noise of S2"],
        ["ioi, noise of S2"],
    ]
    text = " ".join(printed(report).split())
    html = page(report)
    for shown in (text, html):
        assert "Advice on the sizes of this run" in shown
        assert "ioi, noise of S2" in shown
    assert all(sentence in html for sentence in SIZES.values())
    assert "`--draws 10` or more; `draws=10` in `pw.recompute`" in html


def test_enough_draws_need_no_advice_and_are_recorded():
    claims = chosen_claims(["noise_keeps_the_answer"])
    told = measure(tiny_ioi(), claims, n=6, draws=10)
    data = told.to_json()
    assert data["noise_draws"] == 10
    assert {one["noise"]["draws"] for one in data["sweeps"].values() if "noise" in one} == {10}
    assert [one["sentence"] for one in data["advice"]] == [
        "There are 6 prompt pairs, fewer than 100."
    ]
    assert "10 draws of noise" in printed(told)


def test_silenced_advice_on_sizes_is_left_out():
    silence("too_few_to_test", "few_noise_draws")
    try:
        told = measure(tiny_ioi(), chosen_claims(["noise_keeps_the_answer"]), n=2, draws=1)
    finally:
        restore("too_few_to_test", "few_noise_draws")
    assert told.advice == ()
    assert "1 draw of noise" in printed(told)
    assert "Advice on the sizes" not in printed(told) + page(told)


def test_an_interrupt_keeps_what_was_measured():
    def tell(line):
        if "noise of S2" in line:
            raise KeyboardInterrupt

    names = ["probability_misses_negatives", "probability_floor"]
    kept = measure(tiny_ioi(), [CLAIMS.get(name) for name in names], n=2, tell=tell)
    assert kept.interrupted
    assert [one.verdict for one in kept.outcomes] == ["cannot be said", "not measured"]
    assert kept.outcomes[0].finding is not None
    assert kept.outcomes[1].reason == "stopped"
    assert all(word in printed(kept) for word in ("│ not measured", "│ stopped"))


def test_what_does_not_fit_into_the_time_says_what_does():
    claims = chosen_claims(["noise_keeps_the_answer"])
    with pytest.raises(PatchwidgetsError) as refused:
        measure(tiny_ioi(), claims, n=2, minutes=1e-5)
    assert re.fullmatch(
        r"None of these claims fits into 1e-05 min: on 2 pairs the smallest sweep takes "
        r"about \S+ min\. Give it more time, such as `minutes` of \d+\.",
        str(refused.value),
    )
