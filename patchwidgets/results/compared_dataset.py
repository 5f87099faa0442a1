"""A comparison as one xarray dataset, as a table and as CSV: every method beside the others."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from patchwidgets.errors import MeasurementError
from patchwidgets.results.csv import write_csv

FIELDS = ("corruption", "metric", "direction", "window")
"""What a method is."""


class Tabled:
    """A comparison that can be handed on as numbers."""

    results: dict[Any, Any]
    methods: list[Any]
    code: str
    effects: Callable[..., pd.DataFrame]
    means: Callable[..., pd.Series]
    detections: Callable[..., pd.DataFrame]

    def table(self, map: str | None = None, rule: str = "sd", **options: Any) -> pd.DataFrame:
        """Return a row per method and node: what `to_xarray` has, as a table.

        Args:
            map: Name of a map; the first by default.
            rule: As in `Result.detect`.
            **options: As in `Result.detect`.
        """
        found = self.to_xarray(map, rule, **options)
        table = found.to_dataframe().reset_index()
        table["detected"] = table["detected"].astype("Int8")
        return pd.DataFrame(table[[*FIELDS, "unit", "node", *found.data_vars]])

    def to_csv(
        self, path: str | Path, map: str | None = None, rule: str = "sd", **options: Any
    ) -> Path:
        """Write `table()` as CSV, once it is measured, and return where.

        Texts that a spreadsheet would run as formulas get an apostrophe in front.

        Args:
            path: Where.
            map: As in `table`.
            rule: As in `table`.
            **options: As in `table`.
        """
        return write_csv(self.table(map, rule, **options), Path(path))

    def to_xarray(self, map: str | None = None, rule: str = "sd", **options: Any) -> xr.Dataset:
        """Return one map by all methods as one xarray dataset, by method (`by`) and node.

        Variables: mean `effect` in the method's unit, positive towards the source run;
        `normalized`, NaN where a method has no ratio; `detected`, 1 positive, -1 negative, 0 not
        detected. `Result.to_xarray` has every prompt.

        Args:
            map: Name of a map; the first by default.
            rule: As in `Result.detect`.
            **options: As in `Result.detect`.
        """
        effects = self.effects(map, normalized=False)
        found = self.detections(rule, map, **options).reindex(columns=effects.columns)
        signs = found.astype(float).fillna(0.0).where(effects.notna())
        shares = [self._shares(method, map).reindex(effects.columns) for method in self.methods]
        variables = {"effect": effects, "normalized": np.array(shares), "detected": signs}
        infos = [info for result in self.results.values() for info in result.metrics]
        units = {info.name: info.unit for info in infos}
        return xr.Dataset(
            {name: (("by", "node"), np.asarray(values)) for name, values in variables.items()},
            coords={
                "by": [
                    label if isinstance(label, str) else " ".join(label) for label in effects.index
                ],
                **{name: ("by", [getattr(one, name) for one in self.methods]) for name in FIELDS},
                "unit": ("by", [units[one.metric] for one in self.methods]),
                "node": list(effects.columns),
            },
            attrs={
                "rule": rule,
                "code": self.code,
                "provenance": json.dumps(
                    [result.provenance for result in self.results.values()], sort_keys=True
                ),
            },
        )

    def _shares(self, method: Any, map: str | None) -> pd.Series:
        """Return normalized effects; none where a method has no ratio."""
        try:
            return self.means(method, map, normalized=True)
        except MeasurementError:
            return pd.Series(dtype=float)
