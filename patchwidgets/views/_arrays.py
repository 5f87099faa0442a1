"""Anybody's array as plain numbers with labels.

Lists, NumPy, pandas, xarray, torch and the results of TransformerLens. A library that the caller
has not loaded is not loaded for this.
"""

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from patchwidgets.errors import PatchwidgetsError
from patchwidgets.results import stats
from patchwidgets.results.comparison import Comparison
from patchwidgets.results.readings import Readings
from patchwidgets.views._axes import words

MOST_CELLS = 1_000_000
MOST_LINES = 20_000
"""What a page can hold, and still follow the pointer."""

NUMERIC = "fiub"
"""Kinds of NumPy numbers that can be drawn: floating, whole, and yes or no."""

Labels = tuple[str, list[str]]


@dataclass(frozen=True, eq=False)
class Numbers:
    """What an array says of itself.

    Args:
        values: In one or two dimensions.
        labels: For every dimension its name and its labels; empty where it says nothing.
        quantity: What the numbers are, or empty.
        note: What a reader should know of them, or empty.
        names: The name of each cell, where the array has them.
        status: As `Heatmap.status`, where the array has it.
        interval: Values by (low, high), where there is one.
    """

    values: np.ndarray
    labels: list[Labels] = field(default_factory=list)
    quantity: str = ""
    note: str = ""
    names: np.ndarray | None = None
    status: np.ndarray | None = None
    interval: np.ndarray | None = None


def numbers_of(array: Any) -> Numbers:
    """Return what can be drawn of an array.

    Raises:
        PatchwidgetsError: It has no numbers, or too many, or more than two axes.
    """
    found = _read(array)
    values = found.values
    if values.dtype.kind == "c":
        raise PatchwidgetsError(
            "The array holds complex numbers, and a colour shows one real number. Draw a part of "
            "it: `abs(array)`, `array.real` or `array.imag`."
        )
    if values.dtype.kind not in NUMERIC:
        raise PatchwidgetsError(
            f"The array holds {_kind(values)} (dtype `{values.dtype}`), and a colour shows a "
            "number. Give numbers, with `float('nan')` where nothing was measured, such as "
            "`np.array(array, dtype=float)`."
        )
    _check_shape(values, found.labels)
    drawn = values.astype(np.float64)
    _check_finite(drawn)
    return Numbers(**{**vars(found), "values": drawn})


def _read(array: Any) -> Numbers:
    if isinstance(array, Readings | Comparison):
        kind = type(array).__name__
        numbers = "normalized()" if isinstance(array, Readings) else "result(method).normalized()"
        raise PatchwidgetsError(
            f"A `{kind}` is drawn as it is: show it by itself at the end of a cell. For its "
            f"numbers alone, give `{kind.lower()}.{numbers}`."
        )
    for library, reader in _READERS.items():
        module = sys.modules.get(library)
        if module is not None:
            found = reader(module, array)
            if found is not None:
                return found
    if isinstance(array, np.ma.MaskedArray):
        return Numbers(np.ma.filled(array.astype(np.float64), np.nan))
    if isinstance(array, str | bytes | dict | set) or array is None:
        raise PatchwidgetsError(
            f"`heatmap` got an object of type `{type(array).__name__}`, which is no array. Give a "
            "list of lists, a NumPy array, a DataFrame, a DataArray or a tensor."
        )
    try:
        return Numbers(np.asarray(array))
    except (ValueError, TypeError) as error:
        raise PatchwidgetsError(
            f"The {type(array).__name__} cannot be read as an array: {error}. A map needs rows of "
            "one length; fill them up with `float('nan')`."
        ) from error


def _from_pandas(pandas: Any, array: Any) -> Numbers | None:
    if isinstance(array, pandas.Series):
        name = array.name
        found = _from_pandas(pandas, array.to_frame("" if name is None else name))
        assert found is not None
        quantity = "" if name is None else str(name)
        return Numbers(found.values[:, 0], found.labels[:1], quantity)
    if not isinstance(array, pandas.DataFrame):
        return None
    for place, (name, dtype) in enumerate(zip(array.columns, array.dtypes, strict=True)):
        types = pandas.api.types
        if types.is_complex_dtype(dtype):
            return Numbers(array.iloc[:, [place]].to_numpy())
        if not (types.is_numeric_dtype(dtype) or types.is_bool_dtype(dtype)):
            raise PatchwidgetsError(
                f"Column {str(name)!r} holds no numbers (dtype `{dtype}`), and a colour shows a "
                "number. Leave it out, such as `df.select_dtypes('number')`, or make it the index "
                "with `df.set_index(...)`."
            )
    values = array.to_numpy(dtype=np.float64, na_value=np.nan)
    return Numbers(values, [_labels(array.index), _labels(array.columns)])


def _labels(index: Any) -> Labels:
    name = " ".join(str(one) for one in index.names if one is not None)
    return name, words(index)


def _from_xarray(xarray: Any, array: Any) -> Numbers | None:
    if isinstance(array, xarray.Dataset):
        known = [str(name) for name in array.data_vars]
        if len(known) == 1:
            return _from_xarray(xarray, array[known[0]])
        raise PatchwidgetsError(
            f"The Dataset has {len(known)} variables: {', '.join(known[:3])}"
            f"{f' and {len(known) - 3} more' if len(known) > 3 else ''}. A map shows one: give "
            f"`dataset[{(known or ['name'])[0]!r}]`."
        )
    if not isinstance(array, xarray.DataArray):
        return None
    labels = []
    for dim, count in zip(array.dims, array.shape, strict=True):
        own = words(array.coords[dim].values) if dim in array.coords else []
        labels.append((str(dim), own or [str(at) for at in range(count)]))
    beside = {
        name: array.coords[name].transpose(*array.dims).values
        for name in ("node", "status")
        if name in array.coords and set(array.coords[name].dims) == set(array.dims)
    }
    status = beside.get("status")
    return Numbers(
        array.values,
        labels,
        str(array.name or ""),
        names=beside.get("node"),
        status=status if status is not None and status.dtype.kind in "iu" else None,
    )


def _from_torch(torch: Any, array: Any) -> Numbers | None:
    if not isinstance(array, torch.Tensor):
        return None
    plain = array.detach()
    if plain.is_sparse or plain.is_quantized:
        plain = plain.to_dense() if plain.is_sparse else plain.dequantize()
    if plain.is_floating_point():
        plain = plain.float() if plain.dtype != torch.float64 else plain
    return Numbers(plain.cpu().resolve_conj().resolve_neg().numpy())


def _from_transformer_lens(patching: Any, array: Any) -> Numbers | None:
    """Read a `PatchingResult`: the effect where its baseline is known, else the metric itself."""
    if not isinstance(array, patching.PatchingResult):
        return None
    metrics = list(array.metric_names)
    if array.has_metric_axis and len(metrics) > 1:
        raise PatchwidgetsError(
            f"The PatchingResult has {len(metrics)} metrics: {', '.join(metrics[:3])}. A map shows "
            f"one: give `result[{metrics[0]!r}]`."
        )
    one = array[metrics[0]]
    has_base = one.baseline is not None
    cells = (one.effect() if has_base else one.values).detach().double().cpu().numpy()
    axes = list(one.axis_names) or ["cell"]
    prompts = 0 if one.reduced else cells.shape[-1]
    values = cells if one.reduced else cells.mean(axis=-1)
    interval = None
    if prompts > 1:
        flat = stats.bootstrap_interval(cells.reshape(-1, prompts), None)
        interval = flat.reshape(*values.shape, 2)
    return Numbers(
        values,
        [
            (axis, [str(at) for at in range(count)])
            for axis, count in zip(axes, values.shape, strict=True)
        ],
        f"effect on {metrics[0]}" if has_base else metrics[0],
        note="" if one.reduced else f"{prompts} prompts",
        interval=interval,
    )


_READERS = {
    "pandas": _from_pandas,
    "xarray": _from_xarray,
    "torch": _from_torch,
    "transformer_lens.patching": _from_transformer_lens,
}
"""How the arrays of each library are read, where it is loaded."""


def _check_shape(values: np.ndarray, labels: list[Labels]) -> None:
    shape = " x ".join(str(count) for count in values.shape)
    if values.ndim == 0:
        raise PatchwidgetsError(
            "The array is a single number. A map needs rows and columns: `heatmap([[number]])`."
        )
    if values.ndim > 2:
        named = [name for name, _ in labels]
        axes = f" ({', '.join(named)})" if named else ""
        raise PatchwidgetsError(
            f"The array has {values.ndim} axes, {shape}{axes}, and a map has two. Choose what to "
            "show: one slice such as `array[0]`, or a mean such as `array.mean(-1)`."
        )
    if values.size == 0:
        raise PatchwidgetsError(
            f"The array is empty ({shape}), so there is nothing to draw. A map needs at least one "
            "row and one column."
        )
    if values.size > MOST_CELLS or max(values.shape) > MOST_LINES:
        raise PatchwidgetsError(
            f"The array has {values.size:,} cells ({shape}). A page holds {MOST_CELLS:,} of them "
            f"in at most {MOST_LINES:,} rows or columns, and a screen shows fewer. Draw a part of "
            "it, or means over blocks of neighbouring cells."
        )


def _check_finite(values: np.ndarray) -> None:
    # Maps travel in 32 bits, in which larger numbers are infinite.
    infinite = np.abs(values) > np.finfo(np.float32).max
    count = int(infinite.sum())
    if count:
        first = tuple(int(at) for at in np.argwhere(infinite)[0])
        what = "cell is" if count == 1 else "cells are"
        raise PatchwidgetsError(
            f"{count:,} {what} infinite, or beyond 3.4e38; the first is at index {first}. A colour "
            "scale that reaches infinity shows nothing else. Leave them out with "
            "`np.where(np.isfinite(array), array, np.nan)`: they are drawn as not measured."
        )


def _kind(values: np.ndarray) -> str:
    kinds = {"O": "Python objects", "U": "texts", "S": "bytes", "M": "dates", "m": "durations"}
    return kinds.get(values.dtype.kind, "no numbers")
