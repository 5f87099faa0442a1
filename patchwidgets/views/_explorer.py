"""Results as the explorer that shows them: first maps, and the path maps opened from them."""

from collections.abc import Sequence
from typing import Any

from patchwidgets.results.result import Result
from patchwidgets.views._advice import advice_on
from patchwidgets.views._keys import (
    key_of,
    known_under,
    parts_of,
    plan_key,
    question_of,
    setting_key,
    setting_of,
    tab_of,
)
from patchwidgets.views._pair_maps import known_pair_map
from patchwidgets.views._picture import heatmap
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views._words import cut
from patchwidgets.views.circuit import Circuit
from patchwidgets.views.comparison import Comparison
from patchwidgets.views.detail import Detail
from patchwidgets.views.explorer import Doubt, Explorer, Fact, Offers, Option, Setting, Tab
from patchwidgets.views.heatmap import Heatmap
from patchwidgets.views.pair_map import PairMap
from patchwidgets.views.token_strip import Pair, TokenStrip


def explorer(
    results: Sequence[Result],
    more_advice: Sequence[str] = (),
    offers: Offers | None = None,
    details: Sequence[tuple[Detail, bytes]] = (),
    circuit: tuple[str, Circuit] | None = None,
    compared: tuple[str, Comparison, bytes] | None = None,
    doubts: Sequence[Doubt] = (),
) -> tuple[Explorer, bytes]:
    """Return header and arrays of a picture of `results` as they are now, without waiting.

    Args:
        results: The first map, then others of the same behaviour and model, in any setting.
        more_advice: Sentences shown before what the rules say of the results.
        offers: What else can be asked for; by default there is to choose from what is here.
        details: What was asked of single cells, each with its arrays.
        circuit: Key of a setting, and what was pinned and measured in it.
        compared: Key of a tab, and its maps in all settings, with their arrays.
        doubts: What was not begun, as it takes longer than a reader would like.
    """
    first, block = results[0], ArrayBlock()
    offers = offers or _offers(results)
    about = first.provenance
    shown = by_key(results)
    header = Explorer(
        title=about.get("behaviour", first.plan.name),
        facts=_facts(first),
        direction=first.direction,
        strip=_strip(first),
        maps=[_map(result, key, block) for key, result in shown.items()],
        heads_per_kv_head=_heads_per_kv_head(about.get("model")),
        drills=any(map(_opens, results)) and (first.study is not None or len(results) > 1),
        advice=[*more_advice, *advice_on(shown)],
        code=about.get("code", ""),
        settings=_settings(results) if offers else [],
        offers=offers,
        doubts=list(doubts),
        details=[block.append(*one) for one in details],
        pair_maps=[
            _pair_map(result, key, prompt, block)
            for key, result in shown.items()
            for prompt in result.drawn_pairs
        ],
        circuit=circuit[1] if circuit else None,
        circuit_setting=circuit[0] if circuit else None,
        compared=compared[0] if compared else "",
        comparison=block.append(*compared[1:]) if compared else None,
    )
    return header, block.to_bytes()


def by_key(results: Sequence[Result]) -> dict[str, Result]:
    """Return results by the keys of their maps; of two with one key, the last.

    What was measured on the prompts of the first map goes before what was measured on others.
    """
    found: dict[str, Result] = {}
    own = known_under(results[0].provenance)
    for result in results:
        key = key_among(result, results[0])
        here = [known_under(one.provenance) == own for one in (result, found.get(key, result))]
        if here != [False, True]:
            found[key] = result
    return found


def key_among(result: Result, first: Result) -> str:
    """Return the key of a result's map where the map of `first` is shown first."""
    return f"{setting_key(setting_of(result), setting_of(first))}{key_of(result)}"


def _settings(results: Sequence[Result]) -> list[Setting]:
    """Return the settings of results, each once."""
    first = results[0]
    by_setting = {setting_of(result): result for result in reversed(results)}
    ordered = dict.fromkeys(map(setting_of, results))
    return [
        Setting(
            key=setting_key(own, setting_of(first)),
            direction=own[0],
            corruption=own[1],
            metrics=list(own[2]),
            facts=_facts(by_setting[own]),
            strip=None if own[1] == setting_of(first)[1] else _strip(by_setting[own]),
            code=by_setting[own].provenance.get("code", ""),
        )
        for own in ordered
    ]


def _offers(results: Sequence[Result]) -> Offers | None:
    """Return what there is to choose from where nothing can be asked; nothing for one map."""
    tabs = {key_of(result): _tab(result) for result in results if result.plan.form is None}
    settings = [setting_of(result) for result in results]
    if len(tabs) < 2 and len(set(settings)) < 2:
        return None
    return Offers(
        tabs=list(tabs.values()),
        directions=_options(setting[0] for setting in settings),
        corruptions=_options(setting[1] for setting in settings),
        metrics=_options(metric for setting in settings for metric in setting[2]),
        forms=_options(result.plan.form for result in results if result.plan.form),
    )


def _tab(result: Result) -> Tab:
    (group, label), parts = tab_of(result.plan), parts_of(result.plan)
    source = key_of(result).removeprefix(plan_key(result.plan))
    return Tab(
        key=key_of(result),
        group=group,
        label=label + source,
        code=call_of(result),
        cost="",
        seconds=None,
        **parts | {"site": parts["site"] + source},
    )


def call_of(result: Result) -> str:
    """Return the call that measured a result, as Python; empty where that is not known."""
    _, found, call = result.provenance.get("code", "").rpartition("\nresult = ")
    return call if found else ""


def _options(values: Any) -> list[Option]:
    return [Option(value=value, label=value.replace("_", " ")) for value in dict.fromkeys(values)]


def _map(result: Result, key: str, block: ArrayBlock) -> Heatmap:
    title, caption = question_of(result), caption_of(result)
    drawn = heatmap(result, key=key, title=title, caption=caption, block=block)
    return drawn.model_copy(update={"call": call_of(result)})


def _pair_map(result: Result, key: str, prompt: int, block: ArrayBlock) -> PairMap:
    made, own = known_pair_map(result, prompt, caption_of)
    return block.append(made.model_copy(update={"map": key}), own)


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
    one = result.provenance.get("pair")
    pairs = f"pair {one['prompt'] + 1} of {one['of']} alone" if one else _counted(result)
    if result.draws == 1:
        return pairs
    drawn = "draws of noise" if "noise" in result.provenance else "corrupted prompts"
    return f"{pairs}, {'' if one else 'each '}with {result.draws} {drawn}"


def _counted(result: Result) -> str:
    return f"{len(result.groups)} pairs"


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
        "pair" if "pair" in about else "pairs": _pairs(result)
        .removeprefix("pair ")
        .removesuffix(" pairs"),
        "corruption": f"{corruption} at {about['at']}" if "at" in about else corruption,
        "direction": result.direction,
        "source": _written_values(result).removeprefix("source "),
    }
    return [Fact(label=label, value=value) for label, value in found.items() if value]


def _opens(result: Result) -> bool:
    """Whether a map has cells that name what reads: a head, or an MLP."""
    nodes = (node for patch in result.plan.patches for node in patch.nodes)
    return result.plan.form is not None or any(node.site in ("z", "mlp_out") for node in nodes)


def _heads_per_kv_head(model: dict[str, Any] | None) -> int:
    return model["n_heads"] // model["n_kv_heads"] if model else 1


def _strip(result: Result) -> TokenStrip:
    return TokenStrip(pairs=[pair_of(prompt) for prompt in result.provenance.get("prompts", [])])


def pair_of(prompt: dict[str, Any]) -> Pair:
    """Return a prompt pair of `provenance["prompts"]` as it is drawn: every pair is in the page."""
    roles: dict[int, str] = {}
    for role, at in prompt["roles"].items():
        roles[at] = f"{roles[at]}, {role}" if at in roles else role
    ids = zip(prompt["clean_ids"], prompt["corrupted_ids"], strict=True)
    noised = set(prompt.get("noised", []))
    return Pair(
        clean=[cut(token) for token in prompt["clean"]],
        corrupted=[cut(token) for token in prompt["corrupted"]],
        differs=[clean != corrupted or at in noised for at, (clean, corrupted) in enumerate(ids)],
        roles=roles,
        answers=[cut(answer) for answer in prompt["answers"]],
        wrong_answers=[cut(answer) for answer in prompt["wrong_answers"]],
        group=prompt["group"],
        right=prompt["right"],
    )
