"""Views without a map as maps, for the still picture of places that draw no view."""

import numpy as np

from patchwidgets.views._chart import ABSENT, MEASURED, UNMEASURED, Chart, read_chart
from patchwidgets.views._wire import ArrayBlock, read_array
from patchwidgets.views.attention import Attention
from patchwidgets.views.heatmap import Axis, Heatmap, MetricColumn, Progress
from patchwidgets.views.prompt_effects import PromptEffects
from patchwidgets.views.prompts import Prompts

PAIRS = 40
"""Pairs, of many, that are in the picture of a token strip."""


def charts_of(header: Attention | PromptEffects | Prompts, block: bytes) -> list[Chart]:
    """Return what stands for a view in a picture.

    A pattern: every run, destination by source. Effects: a cell per pair in study order. Prompts: a
    row per pair, with the tokens that differ marked.
    """
    if isinstance(header, Attention):
        return [_pattern(header, weights) for weights in read_array(header.weights, block)]
    if isinstance(header, PromptEffects):
        return [_chart(values[None]) for values in read_array(header.effect, block)]
    pairs = header.strip.pairs[:PAIRS]
    marks = np.full((len(pairs), max((len(one.differs) for one in pairs), default=0)), np.nan)
    for row, pair in enumerate(pairs):
        marks[row, : len(pair.differs)] = pair.differs
    return [_chart(marks, absent=np.isnan(marks))]


def _pattern(header: Attention, weights: np.ndarray) -> Chart:
    sources = np.arange(len(header.places))
    later = sources[None] > np.array(header.destinations)[:, None]
    return _chart(np.where(later, np.nan, weights), absent=later)


def _chart(values: np.ndarray, absent: np.ndarray | None = None) -> Chart:
    status = np.where(np.isnan(values), UNMEASURED, MEASURED).astype(np.uint8)
    if absent is not None:
        status[absent] = ABSENT
    block = ArrayBlock()
    numbers = block.add(np.asarray(values, dtype=np.float32)[None])
    none = MetricColumn(
        name="", label="", unit="share", base=None, source=None, normalized=False, note=""
    )
    rows, columns = ([""] * count for count in values.shape)
    made = Heatmap(
        key="",
        title="",
        caption="",
        rows=Axis(name="", labels=rows, parts=rows),
        columns=Axis(name="", labels=columns, parts=columns),
        names={},
        metrics=[none],
        value=numbers,
        effect=numbers,
        low=numbers,
        high=numbers,
        patched=numbers,
        status=block.add(status),
        progress=Progress(state="done", done=0, total=0, share=1.0, seconds_left=None, message=""),
    )
    return read_chart(made, block.to_bytes())
