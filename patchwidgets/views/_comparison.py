"""A comparison as it is drawn: never waits, so that it can be shown while it is measured."""

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from patchwidgets.errors import MeasurementError
from patchwidgets.results.agreeing import disagreed, shared
from patchwidgets.results.comparison import Comparison, Method, Setting
from patchwidgets.results.detection import TESTS
from patchwidgets.results.result import Result
from patchwidgets.results.sign_flips import n_flips
from patchwidgets.views import comparison as wire
from patchwidgets.views._advice import written
from patchwidgets.views._explorer import caption_of
from patchwidgets.views._keys import WHAT
from patchwidgets.views._picture import heatmap
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views.fact import Fact
from patchwidgets.views.heatmap import Heatmap, Progress

RULES = {
    "sd": "2 SD from the mean",
    "mad": "2 robust spreads from the median",
    "max_t": "more than chance anywhere on the map, p of 0.05 by sign flips",
    "bh": "more than chance, a false discovery rate of 0.05 by sign flips",
}
"""The rules by which nodes are marked."""

MOST_TESTED = 20_000_000
"""Cells times sign flips of all methods that are tested while a view is drawn: about a second."""

_tested: WeakKeyDictionary[Comparison, dict[str, pd.DataFrame]] = WeakKeyDictionary()
"""What rules that test detect, by comparison: it is drawn several times, and tested once."""

NONE, POSITIVE, NEGATIVE, OUTSIDE = range(4)
"""What `Findings.signs` says of a node."""


def comparison(compared: Comparison) -> tuple[wire.Comparison, bytes]:
    """Return header and arrays of a picture of `compared` as it is now, without waiting."""
    block = ArrayBlock()
    maps = [_map(compared, setting, block) for setting in compared.results]
    missing = _missing(maps)
    # A result whose last listener is drawing has ended, but would still wait for that listener.
    whole = None if missing else compared.frozen()
    header = wire.Comparison(
        view="comparison",
        title=_title(compared),
        facts=_facts(compared),
        maps=maps,
        methods=_methods(compared),
        findings=[_findings(compared, whole, rule, block) for rule in RULES] if whole else [],
        correlations=block.add(whole.rank_correlations().to_numpy()) if whole else None,
        missing=missing,
        progress=_together([one.progress for one in maps]),
        advice=list(written(whole.advice())) if whole else [],
        code=compared.code,
    )
    return header, block.to_bytes()


def _map(compared: Comparison, setting: Setting, block: ArrayBlock) -> Heatmap:
    result = compared.results[setting]
    title = " · ".join(_words(compared, setting))
    first = result.plan.maps[0].name
    return heatmap(
        result, key=title or first, title=title, caption=caption_of(result), block=block, map=first
    )


def _words(compared: Comparison, setting: Setting) -> list[str]:
    """Return what tells a setting from the others, in words."""
    window = f"window of {setting.window}" if setting.window > 1 else "single layers"
    words = {
        "corruption": setting.corruption.replace("_", " "),
        "direction": setting.direction,
        "window": window,
    }
    return [word for name, word in words.items() if name in compared.varying]


def _methods(compared: Comparison) -> list[wire.MethodLabel]:
    settings = list(compared.results)
    return [
        wire.MethodLabel(
            label=_label(compared, method),
            map=settings.index(method.setting),
            metric=_metric_names(compared.result(method)).index(method.metric),
        )
        for method in compared.methods
    ]


def _label(compared: Comparison, method: Method) -> str:
    result = compared.result(method)
    metric = result.metrics[_metric_names(result).index(method.metric)].label
    named = [metric] if "metric" in compared.varying else []
    return " · ".join([*_words(compared, method.setting), *named])


def _metric_names(result: Result) -> list[str]:
    return [metric.name for metric in result.metrics]


def _detections(compared: Comparison, whole: Comparison, rule: str) -> pd.DataFrame:
    """Return who detects what, without waiting long.

    Raises:
        MeasurementError: There are too few prompts, or it would take too long.
    """
    if rule not in TESTS:
        return whole.detections(rule)
    known = _tested.setdefault(compared, {})
    if rule not in known:
        results = [whole.result(method) for method in whole.methods]
        sizes = [(len(one.plan.maps[0].cells), n_flips(len(one.groups))) for one in results]
        cells = sum(map_cells for map_cells, _ in sizes)
        if sum(map_cells * flips for map_cells, flips in sizes) > MOST_TESTED:
            raise MeasurementError(
                f"Sign flips of {cells:,} cells, those of all methods, take longer than a view "
                f"waits. `comparison.detections({rule!r})` tests them."
            )
        known[rule] = whole.detections(rule)
    return known[rule]


def _findings(
    compared: Comparison, whole: Comparison, rule: str, block: ArrayBlock
) -> wire.Findings:
    count = len(whole.methods)
    signs = np.zeros((count, 0), dtype=np.uint8)
    overlap = np.full((count, count), np.nan)
    nodes: list[str] = []
    flips: list[wire.Disagreement] = []
    message = ""
    try:
        table = _detections(compared, whole, rule)
        nodes = [str(node) for node in table.columns]
        written = table.replace(-1, NEGATIVE).fillna(OUTSIDE)
        signs = written.to_numpy(dtype=np.uint8).reshape(count, len(nodes))
        overlap = shared(table).to_numpy(dtype=np.float64)
        flips = [
            wire.Disagreement(
                node=str(node),
                positive=row["positive"],
                negative=row["negative"],
                undetected=row["not detected"],
                opposite=row["opposite"],
            )
            for node, row in disagreed(table).to_dict("index").items()
        ]
    except MeasurementError as problem:
        message = str(problem)
    return wire.Findings.model_validate(
        {
            "rule": rule,
            "label": RULES[rule],
            "nodes": nodes,
            "signs": block.add(signs),
            "overlap": block.add(overlap),
            "flips": flips,
            "message": message,
        }
    )


def _missing(maps: list[Heatmap]) -> str:
    """Return why there are no statistics; empty where every map is measured as planned."""
    states = [one.progress.state for one in maps]
    whole = states.count("done")
    if whole == len(maps):
        return ""
    counted = f"{whole} of {len(maps)} maps {'is' if whole == 1 else 'are'} measured"
    if {"running", "waiting"} & set(states):
        return (
            f"Who detects what, correlations, overlap and advice need every map whole: {counted}."
        )
    return (
        f"{counted}; the others were stopped or failed, so nothing is compared here. "
        "`comparison.detections()` compares what was measured."
    )


def _together(each: list[Progress]) -> Progress:
    total = sum(one.total for one in each)
    left = [one.seconds_left for one in each if one.state in ("running", "waiting")]
    known = [seconds for seconds in left if seconds is not None]
    return Progress(
        state=_state({one.state for one in each}),
        done=sum(one.done for one in each),
        total=total,
        share=sum(one.share * one.total for one in each) / total if total else 1.0,
        seconds_left=sum(known) if left and len(known) == len(left) else None,
        message=next((one.message for one in each if one.message), ""),
    )


def _state(states: set[str]) -> Any:
    if states == {"waiting"}:
        return "waiting"
    if states & {"waiting", "running"}:
        return "running"
    return next((one for one in ("failed", "cancelled") if one in states), "done")


def _title(compared: Comparison) -> str:
    first = next(iter(compared.results.values()))
    what = WHAT.get(first.plan.name, first.plan.name)
    behaviour = first.provenance.get("behaviour", "")
    counted = f"{what} by {len(compared.methods)} methods"
    return f"{behaviour}: {counted}" if behaviour else counted


def _facts(compared: Comparison) -> list[Fact]:
    """Return what is the same for all methods."""
    setting, first = next(iter(compared.results.items()))
    fixed = {
        "corruption": setting.corruption.replace("_", " "),
        "metric": first.metrics[0].label,
        "direction": setting.direction,
        "window": str(setting.window) if setting.window > 1 else "",
    }
    found = {"model": first.provenance.get("model", {}).get("name", "")}
    found["pairs"] = str(len(first.groups))
    found |= {name: word for name, word in fixed.items() if name not in compared.varying}
    return [Fact(label=label, value=value) for label, value in found.items() if value]
