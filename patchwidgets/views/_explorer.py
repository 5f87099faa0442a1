"""Results as the explorer that shows them: the first map and the path maps opened from it."""

from collections.abc import Sequence
from typing import Any

from patchwidgets.results.result import Result
from patchwidgets.views._advice import advice_on
from patchwidgets.views._picture import heatmap
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views.explorer import Explorer, Fact
from patchwidgets.views.heatmap import Heatmap
from patchwidgets.views.token_strip import Pair, TokenStrip

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


def explorer(results: Sequence[Result], more_advice: Sequence[str] = ()) -> tuple[Explorer, bytes]:
    """Return header and arrays of a picture of `results` as they are now, without waiting.

    Args:
        results: The first map, then the path maps opened from it; of one study.
        more_advice: Sentences shown before what the rules say of the results.
    """
    first, block = results[0], ArrayBlock()
    about = first.provenance
    shown = {key_of(result): result for result in results}
    header = Explorer(
        title=about.get("behaviour", first.plan.name),
        facts=_facts(first),
        direction=first.direction,
        strip=TokenStrip(pairs=[pair_of(prompt) for prompt in about.get("prompts", [])]),
        maps=[_map(result, block) for result in results],
        heads_per_kv_head=_heads_per_kv_head(about.get("model")),
        drills=_has_heads(first) and (first.open_paths is not None or len(results) > 1),
        advice=[*more_advice, *advice_on(shown)],
        code=about.get("code", ""),
    )
    return header, block.to_bytes()


def key_of(result: Result) -> str:
    """Return the key of a result's map: its sweep, or the receivers or the sender of its paths."""
    if result.plan.origin is not None:
        return f"{result.plan.origin} ->"
    path = result.plan.patches[0].path if result.plan.patches else None
    return result.plan.name if path is None else path.destination


def _map(result: Result, block: ArrayBlock) -> Heatmap:
    key = key_of(result)
    return heatmap(
        result, key=key, title=_title(result, key), caption=caption_of(result), block=block
    )


def _title(result: Result, key: str) -> str:
    if result.plan.origin is not None:
        return f"Where does {result.plan.origin} write to?"
    if result.plan.form is None:
        what = WHAT.get(result.plan.name, result.plan.name)
        return QUESTIONS[result.direction].format(what=what)
    return "What writes to the logits?" if key == "logits" else f"What feeds {key}?"


def caption_of(result: Result) -> str:
    """Return what a reader needs to redo a result."""
    about = result.provenance
    parts = [
        result.direction,
        f"form {result.plan.form}" if result.plan.form else "",
        _written_values(result),
        about.get("corruption", "").replace("_", " "),
        f"at {about['at']}" if "at" in about else "",
        _pairs(result),
        _pairs_with_buckets(result),
        f"seed {about['seed']}" if "seed" in about else "",
    ]
    return " · ".join(part for part in parts if part)


def _pairs(result: Result) -> str:
    pairs = f"{len(result.groups)} pairs"
    return pairs if result.draws == 1 else f"{pairs}, each with {result.draws} draws of noise"


def _pairs_with_buckets(result: Result) -> str:
    """Return on how many pairs the buckets are that not every pair has."""
    counts = {} if result.plan.buckets is None else result.plan.buckets.counts()
    total = len(result.groups)
    return ", ".join(f"{name} on {n} of {total}" for name, n in counts.items() if n < total)


def _written_values(result: Result) -> str:
    """Return what patches write, where it is not the other run of the pair."""
    source = result.provenance.get("source", "other")
    return "" if source == "other" else f"source {source}"


def _facts(result: Result) -> list[Fact]:
    about = result.provenance
    model = about.get("model", {})
    corruption = about.get("corruption", "").replace("_", " ")
    found = {
        "model": model.get("name", ""),
        "pairs": _pairs(result).removesuffix(" pairs"),
        "corruption": f"{corruption} at {about['at']}" if "at" in about else corruption,
        "direction": result.direction,
        "source": _written_values(result).removeprefix("source "),
    }
    return [Fact(label=label, value=value) for label, value in found.items() if value]


def _has_heads(result: Result) -> bool:
    """Whether the map has cells that name a whole head, which alone can be opened."""
    nodes = (node for patch in result.plan.patches for node in patch.nodes)
    return result.plan.form is not None or any(
        node.site == "z" and node.position is None for node in nodes
    )


def _heads_per_kv_head(model: dict[str, Any] | None) -> int:
    return model["n_heads"] // model["n_kv_heads"] if model else 1


def pair_of(prompt: dict[str, Any]) -> Pair:
    """Return a prompt pair of `provenance["prompts"]` as it is drawn."""
    roles: dict[int, str] = {}
    for role, at in prompt["roles"].items():
        roles[at] = f"{roles[at]}, {role}" if at in roles else role
    ids = zip(prompt["clean_ids"], prompt["corrupted_ids"], strict=True)
    noised = set(prompt.get("noised", []))
    return Pair(
        clean=prompt["clean"],
        corrupted=prompt["corrupted"],
        differs=[clean != corrupted or at in noised for at, (clean, corrupted) in enumerate(ids)],
        roles=roles,
        answers=prompt["answers"],
        wrong_answers=prompt["wrong_answers"],
        group=prompt["group"],
        right=prompt["right"],
    )
