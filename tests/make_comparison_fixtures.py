"""The comparisons among the fixtures of `make_view_fixtures`: synthetic numbers, real tables."""

import numpy as np

from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.results import Baseline, MetricInfo, Result
from patchwidgets.results.comparison import Comparison, Setting
from patchwidgets.views import comparison as wire
from patchwidgets.views._comparison import comparison
from patchwidgets.views.advice import Advice
from patchwidgets.views.heatmap import Heatmap, Progress

LAYERS, HEADS, PROMPTS = 30, 9, 4
METRICS = (
    MetricInfo("logit_diff", "Logit difference", "logit"),
    MetricInfo("prob", "Probability", "probability"),
    MetricInfo("kl_div", "KL divergence from clean", "nat"),
)
CLEAN, CORRUPTED = np.array([2.83, 0.41, 0.0]), np.array([-2.81, 0.04, 1.9])
PLANTED = {
    (20, 0): 0.52,
    (17, 4): 0.49,
    (23, 3): 0.46,
    (29, 1): 0.33,
    (19, 2): 0.28,
    (29, 0): -0.31,
    (24, 4): -0.24,
}
REPLACED = Setting("token_replacement at S2", "denoising", 1)
NOISED = Setting("gaussian_noise k=3 at S2", "denoising", 1)


def result(seed: int, planted: dict[tuple[int, int], float], measured: int | None) -> Result:
    """Return a synthetic map of heads; probability does not go below what it starts from."""
    rng = np.random.default_rng(seed)
    places = [(layer, head) for layer in range(LAYERS) for head in range(HEADS)]
    shares = 0.012 * rng.standard_t(3, (len(places), PROMPTS)).clip(-4, 4)
    for place, share in planted.items():
        shares[places.index(place)] += share
    by_metric = np.stack([shares, np.maximum(shares, -0.08) * 0.8, 0.7 * shares])
    values = CORRUPTED[:, None, None] + by_metric * (CLEAN - CORRUPTED)[:, None, None]
    values[:, len(places) if measured is None else measured :] = np.nan
    axes = (Axis("layer", tuple(range(LAYERS))), Axis("head", tuple(range(HEADS))))
    patches = tuple(Patch((Node("z", layer, head),)) for layer, head in places)
    runs = [np.tile(numbers[:, None], (1, PROMPTS)) for numbers in (CLEAN, CORRUPTED)]
    return Result(
        Plan("heads", patches, (PlanMap("heads", axes, tuple(range(len(places)))),)),
        metrics=METRICS,
        direction="denoising",
        baseline=Baseline(*runs),
        groups=["ABBA"] * PROMPTS,
        provenance={"behaviour": "Indirect object (synthetic numbers)"},
        values=values,
    )


def compared(measured: int | None = None) -> Comparison:
    """Return two corruptions by three metrics; under noise L23H0 stands out, L24H4 changes sign."""
    noised = {place: 0.7 * share for place, share in PLANTED.items()}
    noised |= {(24, 4): 0.2, (23, 0): 0.26}
    return Comparison(
        {REPLACED: result(0, PLANTED, None), NOISED: result(1, noised, measured)},
        code='study.compare("heads", corruptions=["token_replacement", "gaussian_noise"])',
    )


def payloads() -> dict[str, tuple[wire.Comparison, bytes]]:
    """Return every fixture by file name."""
    done, block = comparison(compared())
    advice = Advice(
        name="metrics_disagree",
        severity="warning",
        sentence="L29H0 is negative by `logit_diff` and not detected by `prob`.",
        reason="Probability cannot fall below 0.",
        source="Zhang & Nanda 2024, section 3",
        todo="Read `logit_diff` beside it.",
        map="",
    )
    half, half_block = comparison(compared(measured=113))
    return {
        "synthetic_comparison": (done.model_copy(update={"advice": [advice]}), block),
        "synthetic_comparing": (_running(half), half_block),
    }


def _running(half: wire.Comparison) -> wire.Comparison:
    first, second = half.maps
    done, total = second.progress.done, second.progress.total
    left: Heatmap = second.model_copy(update={"progress": _progress(done, total)})
    return half.model_copy(
        update={
            "maps": [first, left],
            "progress": _progress(total + done, 2 * total),
            "missing": "Who detects what, correlations, overlap and advice need every map whole: "
            "1 of 2 maps is measured.",
        }
    )


def _progress(done: int, total: int) -> Progress:
    return Progress(
        state="running",
        done=done,
        total=total,
        share=done / total,
        seconds_left=4.2,
        message="",
    )
