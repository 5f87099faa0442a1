"""Sets of answers, ranks and relative changes, worked out by hand."""

import numpy as np
import pytest
import torch
from torch import Tensor

from patchwidgets.errors import MeasurementError
from patchwidgets.metrics import METRICS, as_metric, evaluate
from patchwidgets.prompts.answers import AnswerTokens

LOGITS = torch.tensor([[[3.0, 1.0, 2.0, 2.0, -1.0, 0.0]]])


def value(name: object, right: tuple[int, ...], wrong: tuple[int, ...] = (4,)) -> float:
    answers = AnswerTokens(right=(right,), wrong=(wrong,))
    return evaluate(as_metric(name), LOGITS, answers, LOGITS[0]).item()


@pytest.mark.parametrize(("token", "place"), [(0, 1), (2, 2), (3, 2), (1, 4), (5, 5)])
def test_ranks_count_from_one_and_ties_share_the_better(token: int, place: int) -> None:
    assert value("rank", (token,)) == place


def test_the_best_of_a_set_ranks() -> None:
    assert value("rank", (5, 1, 3)) == 2


@pytest.mark.parametrize(("k", "share"), [(1, 0), (2, 1), (3, 1)])
def test_top_k_of_token_two(k: int, share: float) -> None:
    assert value(METRICS.get("top_k").of(k), (2,)) == share


def test_top_k_takes_five_unless_told() -> None:
    assert value("top_k", (5,)) == 1
    few = METRICS.get("top_k").of(4)
    assert value(few, (5,)) == 0
    assert (few.name, few.label, few.unit) == ("top_4", "Answer in the top 4", "share")
    assert METRICS.get("top_k").of(5) == METRICS.get("top_k")
    assert METRICS.get("top_k").name == "top_k"


def test_top_k_that_says_nothing() -> None:
    with pytest.raises(MeasurementError) as caught:
        METRICS.get("top_k").of(0)
    assert str(caught.value) == (
        "`k` is 0, but the top holds at least one token. Use `of(1)` for whether the answer is the "
        "most likely token."
    )
    with pytest.raises(MeasurementError) as caught:
        value(METRICS.get("top_k").of(6), (2,))
    assert str(caught.value) == (
        "`top_6` asks for the top 6 of a vocabulary of 6 tokens, where every answer is. Use a "
        "smaller `k`."
    )


YEARS = AnswerTokens(right=((2, 3),), wrong=((0, 1, 4, 5),))
"""As in greater-than: two years after the given one, four before."""


@pytest.mark.parametrize("name", ["logit_diff", "prob_diff", "stolfo"])
def test_sets_of_unequal_size_do_not_see_a_constant_on_all_logits(name: str) -> None:
    reference = LOGITS[0].flip(-1)
    shifted = evaluate(METRICS.get(name), LOGITS + 10, YEARS, reference - 4)
    torch.testing.assert_close(shifted, evaluate(METRICS.get(name), LOGITS, YEARS, reference))


def test_probabilities_of_sets_are_sums() -> None:
    p = LOGITS[0, 0].softmax(-1)
    right, wrong = p[2] + p[3], p[0] + p[1] + p[4] + p[5]
    assert value("prob", (2, 3)) == pytest.approx(float(right))
    assert value("prob_diff", (2, 3), (0, 1, 4, 5)) == pytest.approx(float(right - wrong))
    assert value("logprob", (2, 3)) == pytest.approx(float(right.log()))


def test_stolfo_is_the_papers_formula() -> None:
    base = torch.tensor([[0.5, 2.0, 1.0, 0.0, 1.0, 0.3]])
    answers = AnswerTokens(right=((0,),), wrong=((1,),))
    now, before = LOGITS.double()[0, 0].softmax(-1), base.double()[0].softmax(-1)
    wanted = ((now[0] - before[0]) / before[0] + (before[1] - now[1]) / now[1]) / 2
    got = evaluate(METRICS.get("stolfo"), LOGITS, answers, base)
    assert got.item() == pytest.approx(float(wanted), rel=1e-5)


def test_stolfo_of_the_base_run_is_zero_and_its_least_is_minus_one() -> None:
    answers = AnswerTokens(right=((0,),), wrong=((4,),))
    stolfo = METRICS.get("stolfo")
    assert stolfo(LOGITS, answers, LOGITS[0]).item() == 0
    worst: Tensor = LOGITS.clone()
    worst[..., 0], worst[..., 4] = -60, 60
    assert stolfo(worst, answers, LOGITS[0]).item() == pytest.approx(-1, abs=0.01)


@pytest.mark.parametrize("direction", ["denoising", "noising"])
def test_on_a_model_every_metric_has_its_ends(direction: str) -> None:
    """Patching everything gives the source run, and Stolfo's base run is the patched one."""
    from tests.families import PAIRS, study_of, tiny

    names = METRICS.names()
    study = study_of(tiny("llama"), PAIRS, metric=names, direction=direction)
    result = study.sweep("residual", site="resid_pre", positions=None).wait()
    _, _, runs = result.numbers()
    base, source = runs.base(result.direction), runs.source(result.direction)
    whole = result.snapshot().values[:, 0]
    np.testing.assert_allclose(whole, source, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(base[names.index("stolfo")], 0)
    assert (source[names.index("stolfo")] != 0).all()
