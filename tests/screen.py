"""`python -m tests.screen`: how good estimates by gradients are on a real model, and how fast.

Estimated effects against exact ones, on SmolLM2-135M and 8 IOI pairs of one template: Spearman's
rank correlation of mean effects over all cells of a map, the share of the 20 largest exact effects
that are among the 40 largest estimates, and the time of the estimate in units of two forward
passes and one backward pass.

Paths have a second line, `of both ways`: the same estimates against the mean of what denoising
restores and noising destroys, which is what EAP-IG stands for (`patchwidgets/engine/edges.py`).
"""

import time
from typing import Any

import numpy as np

import patchwidgets as pw
from patchwidgets.results.estimate import compare, rank_correlation
from patchwidgets.study import Study
from tests.bench.passes import best, two_forwards_and_a_backward
from tests.bench.run import PAIRS, one_length

SWEEPS: dict[str, tuple[str, dict[str, Any], list[dict[str, Any]]]] = {
    "head z": ("heads", {"site": "z"}, [{}]),
    "head q": ("heads", {"site": "q"}, [{"softmax_fix": False}, {"softmax_fix": True}]),
    "head k": ("heads", {"site": "k"}, [{"softmax_fix": False}, {"softmax_fix": True}]),
    "head v": ("heads", {"site": "v"}, [{}]),
    "mlp_out": ("mlp", {}, [{}]),
}
PATHS: dict[str, dict[str, Any]] = {
    "paths into logits": {"receivers": ["logits"]},
    "paths into L20H0.v": {"receivers": ["L20H0.v"]},
}
LARGEST, LOOKED_AT = 20, 40


def main() -> None:
    """Print the table."""
    study = one_length(pw.load_model("smollm2-135m"))
    unit = best(lambda: two_forwards_and_a_backward(study))
    print(f"{PAIRS} pairs; two forward passes and one backward pass: {unit:.2f} s")
    print(f"{'map':20} {'estimate':32} {'rank r':>7} {'found':>6} {'cells':>6} {'time':>6}")
    for title, (name, options, variants) in SWEEPS.items():
        exact = study.sweep(name, **options).wait()
        for own in [*variants, {"graddrop": True}]:
            line(study, exact, title, "attribution", own, unit)
    other = study._again(direction="noising")
    for title, options in PATHS.items():
        exact = study.path(**options).wait()
        restored, lost = (
            one.snapshot().mean_effect(0) for one in (exact, other.path(**options).wait())
        )
        methods: dict[str, dict[str, Any]] = {"eap": {}, "eap_ig": {"steps": 5}}
        for method, own in methods.items():
            line(study, exact, title, method, own, unit)
            estimate = study.estimate(exact.plan, method, **own).estimate.mean(0)
            both = np.isfinite(restored) & np.isfinite(lost) & np.isfinite(estimate)
            rank = rank_correlation(estimate[both], (restored - lost)[both] / 2)
            print(f"{title:20} {method + ' of both ways':32} {rank:7.3f}", flush=True)


def line(
    study: Study, exact: Any, title: str, method: str, own: dict[str, Any], unit: float
) -> None:
    """Print one row: an estimate against the exact effects."""
    began = time.perf_counter()
    estimate = study.estimate(exact.plan, method, **own).estimate
    seconds = time.perf_counter() - began
    snapshot = exact.snapshot()
    agreement = compare(estimate, exact.plan, snapshot, 0, exact.metrics[0])
    largest = np.argsort(-np.abs(np.nan_to_num(snapshot.mean_effect(0))))[:LARGEST]
    found = np.isin(largest, estimate.order()[:LOOKED_AT]).mean()
    given = ", ".join(f"{name}={value}" for name, value in own.items())
    print(
        f"{title:20} {method + ' ' + given:32} {agreement.rank_correlation:7.3f} {found:6.0%} "
        f"{agreement.measured:6} {seconds / unit:6.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
