"""What a result is called among those shown together: its key, its tab and its question."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from patchwidgets.plans.plan import Plan
from patchwidgets.results.result import Result

QUESTIONS = {
    "denoising": "Which {what} restore the answer?",
    "noising": "Which {what} does the answer need?",
}
WHAT = {
    "heads": "heads",
    "residual": "places of the residual stream",
    "mlp": "MLPs",
    "attn": "attention layers",
}
TABS = {"heads": "Heads", "residual": "Residual", "mlp": "MLP", "attn": "Attention"}
INPUTS = {"q": "queries", "k": "keys", "v": "values"}
SITE_WORDS = {
    "z": "outputs (z)",
    "q": "queries (q)",
    "k": "keys (k)",
    "v": "values (v)",
    "resid_pre": "before the layer (resid_pre)",
    "resid_mid": "after attention (resid_mid)",
    "resid_post": "after the layer (resid_post)",
}
USUAL_SITE = {"heads": "z", "residual": "resid_pre", "mlp": "mlp_out", "attn": "attn_out"}
USUAL_PLACE = {"residual": "position"}
Chosen = tuple[str, str, tuple[str, ...]]
"""Direction, corruption with its site, and the names of the metrics."""

PLACES = ("position", "role", "bucket")


_known: WeakKeyDictionary[Result, str] = WeakKeyDictionary()


def key_of(result: Result) -> str:
    """Return the key of a result's map in its setting: its sweep, or the receivers of its paths."""
    if result not in _known:
        source = result.provenance.get("source", "other")
        _known[result] = plan_key(result.plan) + ("" if source == "other" else f" source {source}")
    return _known[result]


def plan_key(plan: Plan) -> str:
    """Return what tells a plan from the others of one study, as few words as do."""
    form = "" if plan.form in (None, "pinned") else f" ({plan.form})"
    if plan.origin is not None:
        return f"from {plan.origin}{_by_place(plan)}{form}"
    path = plan.patches[0].path if plan.patches else None
    if path is not None:
        return f"{path.destination}{_by_place(plan)}{form}"
    return f"{plan.name}{_by_place(plan)}{_unusual_site(plan)}{_window(plan)}"


def tab_of(plan: Plan) -> tuple[str, str]:
    """Return the tab of a first map, and which of the maps in that tab it is."""
    parts = [_by_place(plan), _unusual_site(plan), _window(plan).removeprefix(",")]
    variant = "".join(parts).strip() or "each whole"
    return TABS.get(plan.name, plan.name.capitalize()), INPUTS.get(variant, variant)


def parts_of(plan: Plan) -> dict[str, Any]:
    """Return what a first map patches, how many layers and which positions at a time."""
    sites = sorted({node.site for patch in plan.patches for node in patch.nodes})
    widths = (len({node.layer for node in patch.nodes}) for patch in plan.patches)
    axes = {axis.name for plan_map in plan.maps for axis in plan_map.axes}
    return {
        "site": " + ".join(SITE_WORDS.get(site, site) for site in sites),
        "window": max(widths, default=1) if plan.name in USUAL_SITE else 1,
        "positions": " and ".join(f"each {place}" for place in PLACES if place in axes)
        or "all together",
    }


def question_of(result: Result) -> str:
    """Return the question that a map answers."""
    plan = result.plan
    if plan.origin is not None:
        return f"Where does {plan.origin} write to?"
    if plan.form is None:
        what = WHAT.get(plan.name, plan.name)
        return QUESTIONS[result.direction].format(what=what)
    path = plan.patches[0].path if plan.patches else None
    to = "" if path is None else path.destination
    return "What writes to the logits?" if to == "logits" else f"What feeds {to}?"


def setting_of(result: Result) -> Chosen:
    """Return direction, corruption and metrics of a result, which make a setting."""
    about = result.provenance
    corruption = about.get("corruption", "")
    written = f"{corruption} at {about['at']}" if "at" in about else corruption
    return result.direction, written, tuple(metric.name for metric in result.metrics)


def known_under(about: Mapping[str, Any]) -> list[list[Any]] | None:
    """Return the corruptions under which a model had to know the prompts; `None` for all prompts.

    Args:
        about: A provenance.
    """
    known = about.get("known")
    if known is None:
        return None
    return known.get("settings") or [[about.get("corruption"), about.get("at")]]


def corrupted_how(about: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells the prompts of one study from those of another on the same task.

    Args:
        about: A provenance.
    """
    return about.get("corruption"), about.get("at"), known_under(about)


def setting_key(own: Chosen, first: Chosen) -> str:
    """Return what the keys of a setting's maps begin with: in what it is not the first."""
    words = [ours for ours, theirs in zip(own[:2], first[:2], strict=True) if ours != theirs]
    if own[2] != first[2]:
        words.append(" + ".join(own[2]))
    return f"{', '.join(words)}: " if words else ""


def _by_place(plan: Plan) -> str:
    axes = {axis.name for plan_map in plan.maps for axis in plan_map.axes}
    places = [place for place in PLACES if place in axes]
    return "".join(f" by {place}" for place in places if place != USUAL_PLACE.get(plan.name))


def _unusual_site(plan: Plan) -> str:
    sites = {node.site for patch in plan.patches for node in patch.nodes}
    usual = USUAL_SITE.get(plan.name)
    return "" if usual is None or sites <= {usual} else f" {' '.join(sorted(sites))}"


def _window(plan: Plan) -> str:
    """Return the width of a sweep's windows: the layers that most of its patches change."""
    if plan.name not in USUAL_SITE:
        return ""
    width = max(len({node.layer for node in patch.nodes}) for patch in plan.patches)
    return f", windows of {width}" if width > 1 else ""
