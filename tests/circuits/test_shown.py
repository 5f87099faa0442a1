"""A circuit in a notebook: what its output holds, and what its page may ask."""

import base64
import time

import pytest

from patchwidgets.views._circuit import circuit, pinned
from patchwidgets.views._still import still, words
from patchwidgets.views._wire import MIME_TYPE
from tests.families import PAIRS, study_of, tiny
from tests.make_circuit_fixtures import PATHS, Drawn, measured

PNG = b"\x89PNG"


def test_an_output_holds_the_view_a_picture_and_words():
    bundle = measured().widget.bundle()
    assert bundle[MIME_TYPE]["header"]["view"] == "circuit"
    assert bundle[MIME_TYPE]["live_id"]
    assert base64.b64decode(bundle["image/png"]).startswith(PNG)
    assert "pw-still" in bundle["text/html"]
    assert bundle["text/plain"].splitlines()[:4] == [
        "How much does this circuit carry?",
        "model smollm2-135m · pairs 64 · corruption token replacement at S2 "
        "· chosen from 270 nodes",
        "nodes: L23H3 +0.40, L20H0 +0.25, L17H4 +0.20, L29H0 -0.15, logits",
        "paths: L17H4 -> L20H0.k, L20H0 -> L23H1.v, L29H0 -> logits, L17H4 -> L23H3.q",
    ]


def test_what_is_not_measured_is_null_and_said():
    header, block = circuit(measured(done=9))
    (first, _) = header.metrics
    assert first.random == []
    assert first.cpr is None
    assert {point.value for point in first.curve} > {None}
    assert "cancelled: 9 of 31 runs" in words(header, block)
    assert still(header, block).startswith(PNG)


def test_pins_are_drawn_before_anything_is_measured():
    header = pinned([Drawn("L9H6", 0.5, None, "logit_diff"), Drawn("L9.mlp_out")], metrics=())
    assert header.effects == "effect in its unit"
    assert [node.label for node in header.nodes] == ["L9H6", "MLP 9"]
    assert "not measured: `study.circuit([...])` says how much it carries" in words(header, b"")
    assert still(header, b"").startswith(PNG)


def test_effects_share_a_scale_or_are_not_normalized():
    mixed = [Drawn("L20H0", 1.0, 0.2, "logit_diff"), Drawn("L23H3", 2.0, None, "logit_diff")]
    header = pinned(mixed, PATHS[1:2], 3, measured().metrics)
    assert header.effects == "effect in logits"
    assert [node.effect for node in header.nodes] == [1.0, 2.0]
    assert [(edge.receiver, edge.effect) for edge in header.edges] == [("L23H3", 1.7)]


def test_a_chain_is_drawn_leg_by_leg():
    nodes = [Drawn(name) for name in ("L17H4", "L20H0", "L23H3", "L23H5")]
    header = pinned(nodes, [Drawn("L17H4 -> L20H0.q -> L23H1.v", 0.4, 0.1, "logit_diff")], 3)
    assert [(one.sender, one.receiver, one.input, one.effect) for one in header.edges] == [
        ("L17H4", "L20H0", "q", 0.1),
        ("L20H0", "L23H3", "v", 0.1),
        ("L20H0", "L23H5", "v", 0.1),
    ]


def test_a_live_circuit_fills_in_and_obeys_a_cancel():
    study = study_of(tiny("llama"), PAIRS)
    shown = study.circuit(["L0H1", "L1H2"], random=5, paths=["L0H1 -> L1H2.q"])
    widget = shown.widget
    shown.wait()
    until = time.monotonic() + 20
    while widget.header["progress"]["state"] != "done" and time.monotonic() < until:
        time.sleep(0.05)
    assert widget.header["progress"]["state"] == "done"
    assert widget.header["metrics"][0]["words"]
    assert widget.header["edges"][0]["input"] == "q"
    assert widget.header["choices"]
    widget._receive(widget, {"command": "cancel", "key": "circuit"}, None)
    assert shown.progress.state == "done"


def test_the_text_says_how_far_it_is():
    assert repr(measured()).startswith("<CircuitResult L23H3, L20H0, L17H4, L29H0: 4 heads carry")
    assert repr(measured(done=9)) == (
        "<CircuitResult L23H3, L20H0, L17H4, L29H0: 9 of 31 runs measured (cancelled)>"
    )


def test_code_makes_the_same_circuit_again():
    study = study_of(tiny("gpt2"), PAIRS)
    made = study.circuit(["L0H1@END", "L1.mlp_out"], mlps="counted", random=3, seed=2)
    line = made.code.splitlines()[-1]
    assert line == (
        "circuit = study.circuit(['L0H1@END', 'L1.mlp_out'], mlps='counted', random=3, seed=2)"
    )
    scope = {"study": study}
    exec(line, scope)
    assert scope["circuit"].runs().equals(made.runs())


@pytest.mark.parametrize("order", [None, "heads"])
def test_paths_bring_the_effects_they_were_measured_with(order):
    study = study_of(tiny("gpt2"), PAIRS)
    paths = study.path(["L2H0.q"]).wait()
    heads = study.sweep("heads").wait() if order else None
    made = study.circuit(["L0H1", "L2H0"], paths={"L0H1 -> L2H0.q": paths}, order=heads, random=0)
    (path,) = made.paths
    index = [str(patch.path) for patch in paths.plan.patches].index("L0H1 -> L2H0.q")
    assert path.effect == pytest.approx(paths.snapshot().mean_effect(0)[index])
    known = [one.effect is not None for one in made.effects]
    assert known == [order is not None] * 2
    assert made.circuit.is_complete == (order is not None)
