"""`pw.heatmap`: anybody's array as a map."""

import re
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from ipywidgets import Widget

import patchwidgets as pw
from patchwidgets.errors import PatchwidgetsError
from patchwidgets.views._wire import read_array
from patchwidgets.widgets import heatmap as widgets
from tests.families import PAIRS, study_of, tiny

MIME = "application/vnd.patchwidgets.v1+json"
SQUARE = [[0.1, -0.4], [float("nan"), 0.9]]


@pytest.fixture(autouse=True)
def _closed():
    yield
    Widget.close_all()


def map_of(widget):
    return widget._map.maps[0]


def values_of(widget):
    return read_array(map_of(widget).value, widget.block)[0]


def names_of(widget):
    one = map_of(widget)
    width = len(one.columns.parts)
    return [
        one.names.get(at, one.rows.parts[at // width] + one.columns.parts[at % width])
        for at in range(len(one.rows.parts) * width)
    ]


def ends_of(widget):
    one = map_of(widget)
    assert one.low is not None
    assert one.high is not None
    return one.low, one.high


def labels_of(widget):
    one = map_of(widget)
    return one.rows.name, one.rows.labels, one.columns.name, one.columns.labels


FRAME = pd.DataFrame(SQUARE, index=pd.Index([3, 7], name="layer"), columns=["IO", "S1"])
ARRAY = xr.DataArray(SQUARE, {"layer": [3, 7], "head": [0, 1]}, ("layer", "head"), "effect")


@pytest.mark.parametrize(
    "array",
    [
        SQUARE,
        np.array(SQUARE),
        np.ma.masked_invalid(SQUARE),
        torch.tensor(SQUARE),
        torch.tensor(SQUARE, dtype=torch.bfloat16).requires_grad_(),
        FRAME,
        FRAME.astype("Float64"),
        ARRAY,
        xr.Dataset({"effect": ARRAY}),
    ],
    ids=lambda array: f"{type(array).__name__} {getattr(array, 'dtype', '')}",
)
def test_whatever_holds_numbers_is_the_same_map(array):
    drawn = values_of(pw.heatmap(array))
    np.testing.assert_allclose(drawn, SQUARE, rtol=5e-3)
    status = read_array(map_of(pw.heatmap(array)).status, pw.heatmap(array).block)
    assert status.tolist() == [[1, 1], [0, 1]]


def test_labels_come_from_the_array():
    assert labels_of(pw.heatmap(FRAME)) == ("layer", ["L3", "L7"], "column", ["IO", "S1"])
    assert labels_of(pw.heatmap(ARRAY)) == ("layer", ["L3", "L7"], "head", ["0", "1"])
    assert map_of(pw.heatmap(ARRAY)).title == "effect"
    assert labels_of(pw.heatmap(SQUARE)) == ("row", ["0", "1"], "column", ["0", "1"])


def test_labels_come_from_the_caller():
    given = pw.heatmap(SQUARE, rows=["a", "b"], columns={"token": ["the", "the"]})
    assert labels_of(given) == ("row", ["a", "b"], "token", ["the", "the"])
    cut = pw.heatmap([[1.0]], rows=["x" * 10_000])
    assert labels_of(cut)[1] == ["x" * 199 + "…"]


def test_cells_are_called_by_row_and_column():
    heads = pw.heatmap(np.zeros((12, 12)), rows="layer", columns="head")
    assert names_of(heads)[9 * 12 + 6] == "L9H6"
    tokens = pw.heatmap(SQUARE, rows="layer", columns={"position": ["the", "the"]})
    assert names_of(tokens) == ["L0@0", "L0@1", "L1@0", "L1@1"]
    assert names_of(pw.heatmap(FRAME)) == ["L3 × IO", "L3 × S1", "L7 × IO", "L7 × S1"]
    assert names_of(pw.heatmap([1.0, 2.0], rows="layer")) == ["L0", "L1"]
    assert names_of(pw.heatmap([1.0, 2.0], columns=["a", "b"])) == ["a", "b"]


def test_a_series_and_a_row_of_numbers_are_maps_of_one_line():
    series = pw.heatmap(pd.Series([1.0, -2.0], index=["a", "b"], name="loss"))
    assert labels_of(series) == ("row", ["a", "b"], "loss", [""])
    along = pw.heatmap(np.arange(3), columns="position")
    assert values_of(along).shape == (1, 3)
    assert labels_of(along)[2:] == ("position", ["0", "1", "2"])


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        ([[5]], [[5]]),
        ([[float("nan")] * 2] * 2, [[np.nan] * 2] * 2),
        (np.full((2, 2), 3), [[3, 3], [3, 3]]),
        ([[True, False]], [[1, 0]]),
        (np.array([[250]], dtype=np.uint8), [[250]]),
        (torch.tensor([[True]]), [[1]]),
    ],
)
def test_small_flat_and_whole_arrays_are_fine(array, expected):
    widget = pw.heatmap(array)
    np.testing.assert_array_equal(values_of(widget), expected)
    bundle = widget.bundle()
    assert all(bundle[kind] for kind in (MIME, "text/html", "image/png", "text/plain"))


@pytest.mark.parametrize(
    ("array", "about", "sentence"),
    [
        (
            np.zeros((2, 3, 4)),
            {},
            "The array has 3 axes, 2 x 3 x 4, and a map has two. Choose what to show: one slice "
            "such as `array[0]`, or a mean such as `array.mean(-1)`.",
        ),
        (
            xr.DataArray(np.zeros((1, 2, 3)), dims=("layer", "head", "prompt")),
            {},
            "The array has 3 axes, 1 x 2 x 3 (layer, head, prompt), and a map has two. Choose what "
            "to show: one slice such as `array[0]`, or a mean such as `array.mean(-1)`.",
        ),
        (
            np.float64(3),
            {},
            "The array is a single number. A map needs rows and columns: `heatmap([[number]])`.",
        ),
        (
            [[], []],
            {},
            "The array is empty (2 x 0), so there is nothing to draw. A map needs at least one row "
            "and one column.",
        ),
        (
            [[None, 1]],
            {},
            "The array holds Python objects (dtype `object`), and a colour shows a number. Give "
            "numbers, with `float('nan')` where nothing was measured, such as "
            "`np.array(array, dtype=float)`.",
        ),
        (
            [["a"]],
            {},
            "The array holds texts (dtype `<U1`), and a colour shows a number. Give numbers, with "
            "`float('nan')` where nothing was measured, such as `np.array(array, dtype=float)`.",
        ),
        (
            [[1j]],
            {},
            "The array holds complex numbers, and a colour shows one real number. Draw a part of "
            "it: `abs(array)`, `array.real` or `array.imag`.",
        ),
        (
            pd.DataFrame({"a": [1.0], "b": ["x"]}),
            {},
            f"Column 'b' holds no numbers (dtype `{pd.Series(['x']).dtype}`), and a colour shows a "
            "number. Leave it out, such as `df.select_dtypes('number')`, or make it the index with "
            "`df.set_index(...)`.",
        ),
        (
            xr.Dataset({"a": ARRAY, "b": ARRAY}),
            {},
            "The Dataset has 2 variables: a, b. A map shows one: give `dataset['a']`.",
        ),
        (
            SQUARE,
            {"rows": ["a"]},
            "There are 1 labels for 2 rows. Every one needs its own label: give 2 in `rows`, or "
            "leave them out and they are numbered.",
        ),
        (
            SQUARE,
            {"columns": ["a", "a"]},
            "Two columns are called 'a': 0 and 1. A cell is selected by its name, so names must "
            "differ. Number them, or say that they are tokens at positions: "
            "`columns={'position': labels}`.",
        ),
        (
            SQUARE,
            {"rows": {"layer": [0, 1], "head": [0, 1]}},
            "`rows` names 2 axes, and a map has one along its rows. Give one name with its labels, "
            "such as `rows={'layer': range(12)}`.",
        ),
        (
            [[1.0, float("inf")]],
            {},
            "1 cell is infinite, or beyond 3.4e38; the first is at index (0, 1). A colour scale "
            "that reaches infinity shows nothing else. Leave them out with "
            "`np.where(np.isfinite(array), array, np.nan)`: they are drawn as not measured.",
        ),
        (
            np.broadcast_to(np.float32(0), (1000, 10_000)),
            {},
            "The array has 10,000,000 cells (1000 x 10000). A page holds 1,000,000 of them in at "
            "most 20,000 rows or columns, and a screen shows fewer. Draw a part of it, or means "
            "over blocks of neighbouring cells.",
        ),
        (
            [[1.0], [1.0, 2.0]],
            {},
            "The list cannot be read as an array: setting an array element with a sequence. The "
            "requested array has an inhomogeneous shape after 1 dimensions. The detected shape was "
            "(2,) + inhomogeneous part.. A map needs rows of one length; fill them up with "
            "`float('nan')`.",
        ),
        (
            "0.1",
            {},
            "`heatmap` got an object of type `str`, which is no array. Give a list of lists, a "
            "NumPy array, a DataFrame, a DataArray or a tensor.",
        ),
        (
            study_of(tiny("llama"), PAIRS, store=False).sweep("mlp").wait(),
            {},
            "A `Result` is drawn as it is: show it by itself at the end of a cell. For its numbers "
            "alone, give `result.normalized()`.",
        ),
        (
            SQUARE,
            {"limit": 0},
            "`limit` is 0, and the colour scale reaches from -limit to limit. Give a positive "
            "number, or leave it out: the scale then reaches to the largest value.",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_cannot_be_drawn_is_refused(array, about, sentence):
    with pytest.raises(PatchwidgetsError, match=f"^{re.escape(sentence)}$"):
        pw.heatmap(array, **about)


def test_a_result_and_its_normalized_effects_have_the_same_names():
    study = study_of(tiny("llama"), PAIRS, store=False)
    heads = study.sweep("heads").wait()
    again = pw.heatmap(heads.normalized())
    known = {str(patch) for patch in heads.plan.patches}
    assert set(names_of(again)) == known
    drawn = read_array(map_of(again).status, again.block)
    by_name = dict(zip(names_of(again), drawn.ravel().tolist(), strict=True))
    table = heads.table()
    for node, status in zip(table["node"], table["status"], strict=True):
        assert by_name[node] == {"measured": 1, "zero by identity": 2}[status]
    places = study.sweep("residual").wait()
    assert set(names_of(pw.heatmap(places.normalized()))) == {str(p) for p in places.plan.patches}


def test_what_transformer_lens_returns_is_the_same_map():
    from transformer_lens import patching

    model = tiny("gpt2")
    tokens = torch.randint(0, 40, (3, 6), generator=torch.Generator().manual_seed(0))
    corrupted = tokens.clone()
    corrupted[:, 2] = (corrupted[:, 2] + 1) % 40
    _, cache = model.run_with_cache(tokens)

    def each(logits):
        return logits[:, -1, 3] - logits[:, -1, 5]

    def metric(logits):
        return each(logits).mean()

    sweep = patching.get_act_patch_attn_head_out_all_pos
    plain = sweep(model, corrupted, cache, metric)
    np.testing.assert_allclose(
        values_of(pw.heatmap(plain, rows="layer", columns="head")), plain.numpy(), rtol=1e-6
    )
    kept = sweep(model, corrupted, cache, each, reduce="none", baseline=True)
    shown = pw.heatmap(kept)
    assert labels_of(shown)[0::2] == ("layer", "head")
    assert names_of(shown)[0] == "L0H0"
    np.testing.assert_allclose(values_of(shown), kept.effect().mean(-1).numpy(), rtol=1e-5)
    low, high = (read_array(one, shown.block)[0] for one in ends_of(shown))
    assert (low <= values_of(shown) + 1e-6).all()
    assert (values_of(shown) <= high + 1e-6).all()
    assert map_of(shown).caption == "3 prompts"
    by_position = patching.get_act_patch_resid_pre(model, corrupted, cache, metric, baseline=True)
    assert labels_of(pw.heatmap(by_position))[0::2] == ("layer", "pos")
    assert names_of(pw.heatmap(by_position))[8] == "L1@2"
    every = patching.get_act_patch_attn_head_all_pos_every(
        model, corrupted, cache, metric, baseline=True
    )
    with pytest.raises(PatchwidgetsError, match=r"3 axes, .* \(patch_type, layer, head\)"):
        pw.heatmap(every)
    two = sweep(model, corrupted, cache, {"a": each, "b": each}, reduce="none")
    with pytest.raises(
        PatchwidgetsError,
        match=r"^The PatchingResult has 2 metrics: a, b\. A map shows one: give `result\['a'\]`\.$",
    ):
        pw.heatmap(two)
    assert map_of(pw.heatmap(two["b"])).metrics[0].label == "b"


def test_showing_goes_on_in_place_from_any_thread():
    widget = pw.heatmap(np.zeros((2, 3)), rows="layer", columns=["a", "b", "c"], title="Loss")
    widget.selection = "b"
    works = [
        threading.Thread(target=widget.show, args=(np.full((2, 3), turn),)) for turn in range(8)
    ]
    for work in works:
        work.start()
    for work in works:
        work.join()
    assert len(set(values_of(widget).ravel())) == 1
    assert labels_of(widget) == ("layer", ["L0", "L1"], "column", ["a", "b", "c"])
    assert (widget._map.title, widget.selection) == ("Loss", "b")
    with pytest.raises(PatchwidgetsError, match="There are 3 labels for 4 columns"):
        widget.show(np.zeros((2, 4)))
    widget.show(np.zeros((2, 4)), columns="head")
    assert labels_of(widget)[2:] == ("head", ["0", "1", "2", "3"])


def test_the_stored_output_follows_what_is_shown(monkeypatch):
    stored, written = [], threading.Event()

    def update(bundle, *, raw, display_id):
        stored.append(bundle[MIME]["header"]["title"])
        written.set()

    monkeypatch.setattr(widgets, "STORED_AFTER", 0.05)
    monkeypatch.setattr(widgets, "display", lambda *_, **__: None)
    monkeypatch.setattr(widgets, "update_display", update)
    widget = pw.heatmap([[1.0]], title="first")
    widget.show([[2.0]], title="nobody looks")
    widget._ipython_display_()
    for turn in range(5):
        widget.show([[2.0]], title=f"turn {turn}")
    assert written.wait(10)
    assert stored == ["turn 4"]


def test_a_page_that_was_loaded_later_is_sent_what_to_store(monkeypatch):
    sent, written = [], threading.Event()

    def send(content, *_):
        sent.append(content["bundle"][MIME]["header"]["maps"][0]["key"])
        written.set()

    widget = pw.heatmap([[1.0]])
    widget.show([[2.0]])
    monkeypatch.setattr(widget, "send", send)
    widget._handle_custom_msg({"command": "cancel", "key": "array"}, [])
    widget._handle_custom_msg({"command": "store"}, [])
    assert written.wait(10)
    assert sent == ["array 1"]


def test_selections_are_linked():
    one, other = pw.heatmap(SQUARE, "layer", "head"), pw.heatmap(SQUARE, "layer", "head")
    assert one.link(other) is one
    one.selection = "L1H0"
    assert other.selection == "L1H0"
    with pytest.raises(PatchwidgetsError, match="has no selection to link with"):
        one.link(object())


def test_a_page_of_it_needs_no_network(tmp_path):
    path = pw.heatmap(SQUARE, title="<script>alert(1)</script>").save_html(tmp_path / "map.html")
    text = path.read_text("utf-8")
    assert "<script>alert" not in text
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_it_needs_no_torch_and_no_other_library():
    code = (
        "import sys, patchwidgets as pw\n"
        "pw.heatmap([[1.0]])\n"
        "found = {'torch', 'transformer_lens', 'matplotlib', 'bokeh'} & set(sys.modules)\n"
        "assert not found, found\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
