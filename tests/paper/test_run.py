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
from patchwidgets.paper._lab import Lab
from patchwidgets.paper._need import IOI
from patchwidgets.paper._page import page
from patchwidgets.paper._printed import print_report
from patchwidgets.paper._protocol import OTHERS, PROTOCOLS, protocol
from patchwidgets.paper._run import chosen_claims, measure
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.words import TokenizerWords
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
    return measure(tiny_gpt2(), chosen_claims(ASKED), n=2, seed=3, minutes=10, tell=told.append)


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
    assert report.provenance["ioi heads, replacement of S2"]["seed"] == 3


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


@pytest.fixture(scope="module")
def own_heads():
    """Return the reports of all claims on the paper's own heads that IOI's words can ask."""
    names = ["name_mover_attention", "restoring_inhibition", "other_site_other_heads"]
    return measure(tiny_gpt2(), [CLAIMS.get(name) for name in names], n=3, draws=1)


def test_on_gpt2_the_papers_own_heads_are_patched_and_looked_at(own_heads):
    titles = {one.claim.name: one.finding.tables[0].title for one in own_heads.outcomes}
    assert titles["name_mover_attention"] == "Attention of L9H6, L9H9, L10H0"
    assert titles["restoring_inhibition"].endswith(" the values of L7H3, L7H9, L8H6, L8H10")
    labels = [one.label for one in outcome(own_heads, "other_site_other_heads").finding.checks]
    assert labels[2:] == [
        "name movers found at S1+IO",
        "S-inhibition heads found at S1+IO",
        "nodes of table 4 that the same method finds, with their sign",
    ]


def test_on_gpt2_ioi_prompts_are_not_filtered_and_have_no_bos(own_heads, report):
    for told, site in ((own_heads, "S1+IO"), (report, "S2")):
        about = told.provenance[f"ioi heads, replacement of {site}"]
        assert "known" not in about
        assert about["prepend_bos"] is False
        assert told.provenance[f"ioi heads, noise of {site}"]["prepend_bos"] is False
    drawn = TASKS.get("ioi").pairs(3, 2, words=TokenizerWords(tiny_gpt2().tokenizer))
    lab = Lab(tiny_gpt2(), 3, 2, 1, 10, lambda line: None)
    study = lab._study(IOI["S2"])
    assert study.prompts.pairs == drawn
    assert study.baselines()["right"].tolist().count(True) == 1
    said = (
        "Prompts are, as in the paper, of ioi all pairs, as the paper names no filter, without a "
        "BOS token, as in the code of Wang et al. that it runs; of greater_than all pairs, "
    )
    assert said in " ".join(printed(report).split())
    assert "on gpt2 all pairs, as the paper names no filter, without a BOS token" in page(report)


def test_on_another_model_the_pairs_are_those_that_it_knows(small):
    about = small[0].provenance["ioi heads, replacement of S1+IO"]
    assert about["known"]["criterion"] == "preferred"
    assert about["prepend_bos"] is True
    said = "Prompts are the pairs that the model knows, with a BOS token where it usually has one."
    assert said in " ".join(printed(small[0]).split())


@pytest.mark.parametrize("claim", CLAIMS.names())
def test_every_claim_says_which_prompts_are_taken_and_whether_they_have_a_bos_token(claim):
    how = CLAIMS.get(claim).how
    assert re.search(r"Prompts: on \S+ .+ BOS token.*; on other models the pairs that", how)


def test_prompts_are_the_papers_on_its_own_models_alone():
    for task, names in {
        "ioi": ["gpt2"],
        "greater_than": ["gpt2-small"],
        "docstring": ["attn-only-4l"],
        "facts": ["gpt2-xl", "gpt-j-6B"],
        "arithmetic": ["gpt-j-6B"],
    }.items():
        assert all(protocol(task, name) is PROTOCOLS[task] for name in names)
        assert protocol(task, "smollm2-135m") is OTHERS
    assert [protocol(task, "gpt-j-6B").known for task in ("facts", "arithmetic")] == ["top"] * 2
    assert protocol("facts", "gpt2-xl").prepend_bos is True
    assert protocol("facts", "gpt2-xl").task == "paired_facts"
    assert (OTHERS.known, OTHERS.task) == (True, "")


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
    assert (data["n"], data["seed"], data["fewest_pairs"]) == (2, 3, 20)
    assert [claim["name"] for claim in data["claims"]] == [
        one.claim.name for one in report.outcomes
    ]
    check, again = data["claims"][1]["checks"]
    assert again["label"] == "nodes of table 5 that the same method finds, with their sign"
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
