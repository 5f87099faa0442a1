"""The contract of every metric, values worked out by hand, and every refusal in full."""

import math
import re

import pytest
import torch
from torch import Tensor

from patchwidgets.errors import MeasurementError, UnknownNameError
from patchwidgets.metrics import METRICS, ContinuationMetric, Metric, as_metric, evaluate
from patchwidgets.metrics._metric import UNITS
from patchwidgets.prompts.answers import AnswerTokens

CELLS, VOCAB = 3, 20
ANSWERS = AnswerTokens(right=((0,), (1, 2), (3,), (4, 5, 6)), wrong=((1, 2), (0,), (4,), (3,)))


@pytest.fixture
def logits() -> Tensor:
    return torch.randn(CELLS, len(ANSWERS), VOCAB, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def reference() -> Tensor:
    return torch.randn(len(ANSWERS), VOCAB, generator=torch.Generator().manual_seed(1))


@pytest.fixture(params=METRICS.names())
def metric(request: pytest.FixtureRequest) -> Metric:
    return METRICS.get(request.param)


def test_a_metric_describes_itself(metric: Metric) -> None:
    assert isinstance(metric, Metric)
    assert METRICS.get(metric.name) is as_metric(metric.name) is as_metric(metric) is metric
    assert metric.unit in UNITS
    assert metric.reference_run in ("clean", "base")
    assert metric.columns in ("answers", "all")
    assert metric.label
    assert re.search(r"\d{4}\.\d{5}", metric.source)


def test_one_finite_number_per_cell_and_prompt(
    metric: Metric, logits: Tensor, reference: Tensor
) -> None:
    values = evaluate(metric, logits, ANSWERS, reference)
    assert values.shape == (CELLS, len(ANSWERS))
    assert values.dtype == torch.float32
    assert torch.isfinite(values).all()


def test_the_order_of_the_prompts_does_not_matter(
    metric: Metric, logits: Tensor, reference: Tensor
) -> None:
    order = [2, 0, 3, 1]
    shuffled = metric(logits[:, order], ANSWERS.select(order), reference[order])
    torch.testing.assert_close(shuffled, metric(logits, ANSWERS, reference)[:, order])


def test_cells_do_not_see_each_other(metric: Metric, logits: Tensor, reference: Tensor) -> None:
    alone = torch.cat([metric(logits[[c]], ANSWERS, reference) for c in range(CELLS)])
    torch.testing.assert_close(alone, metric(logits, ANSWERS, reference))


def given(metric: Metric, logits: Tensor) -> Tensor:
    """Return what a metric is given: logits, or the log probabilities of answers of one token."""
    return logits.log_softmax(-1) if isinstance(metric, ContinuationMetric) else logits


def test_adding_a_constant_to_all_logits_changes_nothing(
    metric: Metric, logits: Tensor, reference: Tensor
) -> None:
    torch.testing.assert_close(
        metric(given(metric, logits + 3), ANSWERS, reference),
        metric(given(metric, logits), ANSWERS, reference),
    )


def test_only_the_answer_columns_are_enough_where_a_metric_says_so(
    metric: Metric, logits: Tensor, reference: Tensor
) -> None:
    few = AnswerTokens(right=((5,), (1,), (5,), (6,)), wrong=((1,), (6, 5), (7, 8), (9,)))
    columns = few.columns()
    assert columns == (1, 5, 6, 7, 8, 9)
    logits = given(metric, logits)
    cut = metric(logits[..., columns], few.reindex(columns), reference[..., columns])
    same = torch.allclose(cut, metric(logits, few, reference))
    assert same == (metric.columns == "answers" or isinstance(metric, ContinuationMetric))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_widened_first(
    metric: Metric, logits: Tensor, reference: Tensor, dtype: torch.dtype
) -> None:
    coarse, clean = logits.to(dtype), reference.to(dtype)
    values = metric(coarse, ANSWERS, clean)
    assert values.dtype == torch.float32
    assert torch.equal(values, metric(coarse.float(), ANSWERS, clean.float()))


def test_double_precision_stays(metric: Metric, logits: Tensor, reference: Tensor) -> None:
    assert metric(logits.double(), ANSWERS, reference.double()).dtype == torch.float64


HAND = AnswerTokens(right=((0,), (0, 1)), wrong=((2,), (2,)))
HALVES = torch.tensor([0.5, 0.25, 0.25])
QUARTERS = torch.tensor([0.25, 0.25, 0.5])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("logit_diff", [math.log(2), math.log(2) / 2]),
        ("prob", [0.5, 0.75]),
        ("logprob", [math.log(0.5), math.log(0.75)]),
        ("kl_div", [0.25 * math.log(2), 0.25 * math.log(2)]),
        ("prob_diff", [0.25, 0.5]),
        ("rank", [1.0, 1.0]),
        ("stolfo", [(1 + 1) / 2, (0.5 + 1) / 2]),
    ],
)
def test_values_worked_out_by_hand(name: str, values: list[float]) -> None:
    """Probabilities 1/2, 1/4, 1/4 patched and 1/4, 1/4, 1/2 in the reference run.

    KL(clean || patched) is 1/4 log(1/2) + 1/4 log 1 + 1/2 log 2 = 1/4 log 2. Stolfo's metric: the
    answer gains 1/4 of 1/4, and 1/4 of 1/2 as a set; the wrong answer loses 1/4, of 1/4 left.
    """
    patched = HALVES.log().expand(1, 2, 3) + 5
    clean = QUARTERS.log().expand(2, 3) - 2
    got = METRICS.get(name)(patched, HAND, clean)
    torch.testing.assert_close(got, torch.tensor([values]))


def test_kl_div_takes_the_clean_run_first() -> None:
    clean, patched = torch.tensor([0.9, 0.1]).log(), torch.tensor([0.5, 0.5]).log()
    answers = AnswerTokens(right=((0,),), wrong=((1,),))
    (((got,),),) = METRICS.get("kl_div")(patched.view(1, 1, 2), answers, clean.view(1, 2))[None]
    assert got.item() == pytest.approx(0.9 * math.log(1.8) + 0.1 * math.log(0.2), rel=1e-5)


def test_kl_div_of_the_clean_run_is_zero(reference: Tensor) -> None:
    values = METRICS.get("kl_div")(reference.expand(CELLS, -1, -1), ANSWERS, reference)
    assert torch.equal(values, torch.zeros(CELLS, len(ANSWERS)))


def test_kl_div_gives_no_weight_to_padded_vocabulary(logits: Tensor, reference: Tensor) -> None:
    kl_div = METRICS.get("kl_div")
    pad = torch.nn.functional.pad
    values = kl_div(
        pad(logits, (0, 2), value=-torch.inf), ANSWERS, pad(reference, (0, 2), value=-torch.inf)
    )
    torch.testing.assert_close(values, kl_div(logits, ANSWERS, reference))


def test_logprob_has_a_value_where_the_probability_is_too_small_for_a_float() -> None:
    answers = AnswerTokens(right=((0,),), wrong=((1,),))
    far = torch.tensor([[[-200.0, 0.0]]])
    assert METRICS.get("logprob")(far, answers, far[0]).item() == -200.0
    assert METRICS.get("prob")(far, answers, far[0]).item() == 0.0


def largest_logit(logits: Tensor, answers: AnswerTokens, reference: Tensor) -> Tensor:
    return logits.max(dim=-1).values


def test_a_function_is_a_metric(logits: Tensor, reference: Tensor) -> None:
    made = as_metric(largest_logit)
    assert (made.name, made.label, made.unit, made.columns) == (
        "largest_logit",
        "largest logit",
        "logit",
        "all",
    )
    assert torch.equal(evaluate(made, logits, ANSWERS, reference), logits.max(dim=-1).values)


def test_a_function_can_say_its_unit() -> None:
    def surprise(logits: Tensor, answers: AnswerTokens, reference: Tensor) -> Tensor:
        return -logits.log_softmax(-1).max(-1).values

    surprise.unit = "nat"  # type: ignore[attr-defined]
    assert as_metric(surprise).unit == "nat"
    surprise.unit = "bits"  # type: ignore[attr-defined]
    with pytest.raises(MeasurementError) as caught:
        as_metric(surprise)
    assert str(caught.value) == (
        "Metric `surprise` has the unit 'bits'. Figures and results print the unit, and know "
        "`logit`, `nat`, `probability`, `rank`, `share`, `ratio`. Write `surprise.unit = 'logit'`."
    )


def test_an_unknown_metric_has_a_nearest_match() -> None:
    with pytest.raises(UnknownNameError) as caught:
        as_metric("logit_dif")
    assert str(caught.value) == (
        "There is no metric called 'logit_dif'. Did you mean `logit_diff`? Known: "
        "`continuation_diff`, `continuation_logprob`, `kl_div`, `logit_diff`, `logprob`, `prob`, "
        "`prob_diff`, `rank`, `stolfo`, `top_k`."
    )
    with pytest.raises(UnknownNameError, match=r"^There is no metric called 7\. Known: "):
        as_metric(7)


@pytest.mark.parametrize(
    ("returned", "came"),
    [(torch.zeros(CELLS), "shape (3,)"), (torch.tensor(1.0), "shape ()"), (0.5, "a `float`")],
)
def test_a_metric_gives_one_number_per_prompt(
    logits: Tensor, reference: Tensor, returned: object, came: str
) -> None:
    def mean(logits: Tensor, answers: AnswerTokens, reference: Tensor) -> object:
        return returned

    with pytest.raises(MeasurementError) as caught:
        evaluate(as_metric(mean), logits, ANSWERS, reference)
    assert str(caught.value) == (
        f"Metric `mean` returned {came}. It needs to return a tensor of shape (3, 4) (cells, "
        "batch), because every patched run gives one number per prompt, and means are taken later. "
        "Keep the first two axes of `logits`: write `logits.max(dim=-1).values`, not "
        "`logits.max()`."
    )


def test_the_run_with_nan_is_named(logits: Tensor, reference: Tensor) -> None:
    reference[2, 0] = torch.nan
    with pytest.raises(MeasurementError, match=r"^The base run has logits .* so `stolfo` has no"):
        evaluate(METRICS.get("stolfo"), logits, ANSWERS, reference)


@pytest.mark.parametrize("run", ["patched", "clean"])
def test_logits_that_are_nan_have_no_metric(logits: Tensor, reference: Tensor, run: str) -> None:
    (logits[1, 2] if run == "patched" else reference[2])[0] = torch.nan
    with pytest.raises(MeasurementError) as caught:
        evaluate(METRICS.get("kl_div"), logits, ANSWERS, reference)
    assert str(caught.value) == (
        f"The {run} run has logits that are NaN or infinite at prompt 2, so `kl_div` has no value. "
        "Nothing can be read from such logits; half precision overflows this way. Load the model "
        "in float32."
    )


def test_a_metric_may_not_return_nan(logits: Tensor, reference: Tensor) -> None:
    def ratio(logits: Tensor, answers: AnswerTokens, reference: Tensor) -> Tensor:
        return logits[..., 0] / torch.zeros(4)

    with pytest.raises(MeasurementError) as caught:
        evaluate(as_metric(ratio), logits.abs(), ANSWERS, reference)
    assert str(caught.value) == (
        "Metric `ratio` returned inf at cell 0, prompt 0, from logits that are finite. NaN is kept "
        "for what was not measured, so a metric may not return it. Look for a division by 0 or a "
        "logarithm of 0 in the metric."
    )
