"""A circuit as one xarray dataset."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from patchwidgets.circuits.circuit import RUNS
from patchwidgets.circuits.reading import Reading

ENDS = {"share": "", "low": "_low", "high": "_high"}
"""Columns of a curve, and how the variables end that hold them."""


def build_dataset(
    reading: Reading, choices: Mapping[str, str], provenance: Mapping[str, Any]
) -> xr.Dataset:
    """Return every run of a circuit (metric, its own axis, prompt), and the shares they keep.

    Variables: `runs` by `run` (the model, and what is kept of the universe), `random` by random
    `circuit`, `curve` by `size`, all in the metric's unit; then `faithfulness`, `left` and
    `curve_share`, each with `_low` and `_high` of its interval, and `random_share`. NaN where a
    run was not measured or a metric has no ratio.
    """
    circuit, metrics = reading.circuit, [info.name for info in reading.metrics]
    models = reading.snapshot.base[:, None, :]
    runs = np.concatenate([models, _stacked(reading, 0)], axis=1)
    variables: dict[str, Any] = {
        "runs": (("metric", "run", "prompt"), runs),
        "random": (("metric", "circuit", "prompt"), _stacked(reading, 1)),
        "curve": (("metric", "size", "prompt"), _stacked(reading, 2)),
        "random_share": (
            ("metric", "circuit"),
            np.array([reading.chance(name).shares for name in metrics]).reshape(len(metrics), -1),
        ),
    }
    for name, read in (("faithfulness", reading.faithfulness), ("left", reading.left)):
        shares = [read(metric) for metric in metrics]
        for part, ending in (("value", ""), ("low", "_low"), ("high", "_high")):
            variables[f"{name}{ending}"] = ("metric", [getattr(one, part) for one in shares])
    curves: list[pd.DataFrame] = [reading.curve(metric) for metric in metrics]
    for column, ending in ENDS.items():
        numbers = np.array([curve[column].to_numpy() for curve in curves])
        variables[f"curve_share{ending}"] = (("metric", "size"), numbers)
    return xr.Dataset(
        variables,
        coords={
            "metric": metrics,
            "unit": ("metric", [info.unit for info in reading.metrics]),
            "run": ["model", *RUNS],
            "circuit": np.arange(len(circuit.random)),
            "random_nodes": ("circuit", [" + ".join(map(str, one)) for one in circuit.random]),
            "size": list(circuit.sizes),
            "added": ("size", list(curves[0]["added"])),
            "prompt": np.arange(len(reading.groups)),
            "group": ("prompt", list(reading.groups)),
        },
        attrs={
            "nodes": [str(node) for node in circuit.nodes],
            "universe": len(circuit.universe),
            "choices": json.dumps(dict(choices), sort_keys=True),
            "provenance": json.dumps(dict(provenance), sort_keys=True),
        },
    )


def _stacked(reading: Reading, plan_map: int) -> np.ndarray:
    return np.stack([reading.values(info.name, plan_map) for info in reading.metrics])
