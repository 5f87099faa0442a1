"""What a study is opened with: metrics, prompt pairs, where they come from, and the code for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from typing import Any

from patchwidgets.advising import about_session, advise
from patchwidgets.engine.corrupting import Noising, reads_whole
from patchwidgets.engine.knowing import (
    Asked,
    Condition,
    Draw,
    Knowing,
    criterion_of,
    known_pairs,
)
from patchwidgets.engine.screen import Screen
from patchwidgets.engine.session import Session
from patchwidgets.engine.sources._source import Source
from patchwidgets.errors import PlanError, PromptError, warn
from patchwidgets.metrics import METRICS, Metric, as_metric
from patchwidgets.models.bridge import LensModel
from patchwidgets.plans.shape import PromptShape
from patchwidgets.prompts.corruptions import CORRUPTIONS
from patchwidgets.prompts.corruptions._named import corruption_of, settings_of
from patchwidgets.prompts.corruptions._noise import Noise
from patchwidgets.prompts.corruptions._replacement import Replacement
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tokens import TokenPairs
from patchwidgets.prompts.words import TokenizerWords
from patchwidgets.registry import Registry
from patchwidgets.results.measured import Baseline
from patchwidgets.undone import Undone


def metrics_of(metric: Any) -> list[Metric]:
    """Return the metrics that the argument of `Study` names.

    Raises:
        PlanError: The list is empty.
        UnknownNameError: There is no metric of that name.
    """
    listed = list(metric) if isinstance(metric, list | tuple) else [metric]
    if not listed:
        raise PlanError(
            "`metric` is an empty list, so nothing would be measured. Give at least one, such as "
            "`metric='logit_diff'`."
        )
    return [as_metric(one) for one in listed]


OWN = "Add pairs of which the model prefers the answer, or leave `known` out."
DRAWN = "Pass a smaller `n`, or use a task that the model does more often."
"""What to do where a model knows few prompt pairs of your own, or of a task."""


def pairs_of(
    lens: LensModel, opened: Mapping[str, Any], metrics: Sequence[Metric], before: dict[Any, Any]
) -> tuple[PromptPairs, dict[str, Any]]:
    """Return the prompt pairs of a behaviour, and where they come from, for the provenance.

    Args:
        lens: The model.
        opened: The arguments of `Study`.
        metrics: What is read.
        before: What the model was found to know before; what it is asked now is added.

    Raises:
        UnknownNameError: There is no task, corruption or criterion of that name.
        PromptError: The task cannot draw them for this tokenizer, or the model knows none.
    """
    behaviour, at = opened["behaviour"], opened["at"]
    chosen, criterion = corruption_of(opened["corruption"]), criterion_of(opened["known"])
    named = settings_of(opened["known_in"])
    if named and criterion is None:
        raise PromptError(
            "`known_in` names corruptions under which prompt pairs must be known, and without "
            "`known` all pairs are kept. Pass `known=True` too."
        )
    own = isinstance(behaviour, PromptPairs)
    origin = _own_origin(behaviour, chosen, at) if own else _task_origin(lens, opened, chosen)
    wanted = len(behaviour) if own else opened["n"]
    draw, both = _drawing(lens, opened, chosen, at)
    if criterion is None:
        return draw(wanted), origin
    known: dict[str, Any] = {}
    conditions = [Condition(draw, Knowing(criterion, both))]
    if named and not own:
        known = {"settings": _written_settings(behaviour, named)}
        conditions = [
            Condition(draws, Knowing(criterion, sides))
            for draws, sides in (_drawing(lens, opened, one, site) for one, site in named)
        ]
    asking = Asked(opened["prepend_bos"], reads_whole(metrics), before)
    pairs, share = known_pairs(lens, draw, wanted, conditions, asking)
    _warn_if_few(lens, len(pairs), wanted, share, OWN if own else DRAWN)
    both = any(one.knowing.both for one in conditions)
    known |= {"criterion": criterion, "both": both, "share": list(share)}
    return pairs, origin | {"known": known}


def _task(behaviour: Any) -> Any:
    return TASKS.get(behaviour) if isinstance(behaviour, str) else behaviour


def _own_origin(pairs: PromptPairs, chosen: Any, at: str | None) -> dict[str, Any]:
    noised = isinstance(chosen, Noise)
    origin = {"corruption": chosen.name if noised else "as given"}
    origin |= {"at": at} if noised and at is not None else {}
    origin |= {"behaviour": "your own prompt pairs"}
    return origin | ({"replaceable": all(pair.corrupted for pair in pairs)} if noised else {})


def _task_origin(lens: LensModel, opened: Mapping[str, Any], chosen: Any) -> dict[str, Any]:
    task, words = _task(opened["behaviour"]), TokenizerWords(lens.tokenizer)
    at = opened["at"] or task.default_site
    return {
        "behaviour": task.title,
        "task": task.name,
        "citation": task.citation,
        "corruption": chosen.name,
        "at": at,
        "sites": list(task.sites),
        "symmetric": at in task.symmetric,
        "replaceable": True,
        "seed": opened["seed"],
        "n": opened["n"],
        "usable": {kind: list(share) for kind, share in task.usable(words).items()},
    } | ({"draws": _draws(chosen)} if _draws(chosen) > 1 else {})


def _draws(chosen: Any) -> int:
    """Return how many corrupted prompts a clean prompt has."""
    return chosen.draws if isinstance(chosen, Replacement) else 1


def _drawing(
    lens: LensModel, opened: Mapping[str, Any], chosen: Any, at: str | None
) -> tuple[Draw, bool]:
    """Return what draws pairs of a corruption, and whether both of their prompts have answers."""
    behaviour, seed = opened["behaviour"], opened["seed"]
    if isinstance(behaviour, PromptPairs):
        return lambda count: behaviour[:count], False
    task, words = _task(behaviour), TokenizerWords(lens.tokenizer)
    both = chosen.acts_on == "text" and (at or task.default_site) in task.symmetric
    return cache(lambda count: chosen.pairs(task, count, seed, at=at, words=words)), both


def redrawn_of(
    lens: LensModel, opened: Mapping[str, Any], pairs: PromptPairs
) -> Sequence[PromptPairs]:
    """Return these pairs with other corrupted prompts, once for each draw after the first.

    Raises:
        PromptError: There are draws, and what is replaced is not drawn.
    """
    chosen = corruption_of(opened["corruption"])
    if _draws(chosen) == 1:
        return []
    if isinstance(opened["behaviour"], PromptPairs):
        raise PromptError(
            f"`draws={chosen.draws}` asks for several corrupted prompts to every clean prompt, and "
            "prompt pairs of your own have the one that you gave: nothing says which words could "
            "stand there instead. Give a pair for each corrupted prompt and leave `draws` out, or "
            "use noise, which can always be drawn, such as `corruption='gaussian_noise'`."
        )
    words = TokenizerWords(lens.tokenizer)
    task, seed, at = _task(opened["behaviour"]), opened["seed"], opened["at"]
    return chosen.redrawn(task, pairs, seed, at=at, words=words)


def _written_settings(behaviour: Any, named: Sequence[tuple[Any, str | None]]) -> list[list[str]]:
    site = _task(behaviour).default_site
    written = dict.fromkeys((chosen.name, at or site) for chosen, at in named)
    return [list(one) for one in written]


def _warn_if_few(lens: LensModel, got: int, wanted: int, share: Share, instead: str) -> None:
    if got < wanted and share.kept < share.of:
        warn(
            f"`{lens.spec.name}` knows {share} of the prompt pairs it was asked, fewer than the "
            f"{wanted} that were wanted: the study has {got}. What is measured holds for those "
            f"alone. {instead}"
        )


def pairs_in(pairs: PromptPairs, groups: Sequence[str]) -> PromptPairs:
    """Return the prompt pairs in these groups.

    Raises:
        PromptError: No pair is in any of them.
    """
    chosen = [index for index, pair in enumerate(pairs) if pair.group in set(groups)]
    if not chosen:
        known = ", ".join(f"`{group}`" for group in dict.fromkeys(p.group for p in pairs))
        raise PromptError(
            f"No prompt pair is in the groups {groups!r}. The groups here are {known}."
        )
    return pairs[chosen]


def noising_of(behaviour: Any, corruption: Any, at: str | None) -> Noising | None:
    """Return how noise takes the place of corrupted prompts; `None` where it does not.

    Raises:
        PromptError: A corruption acts on embeddings, and is no noise.
    """
    chosen = corruption_of(corruption)
    if chosen.acts_on == "text":
        return None
    if not isinstance(chosen, Noise):
        raise PromptError(
            f"The corruption `{chosen.name}` acts on embeddings, but is no `Noise`, so nothing "
            "says what is added to them. Make it a subclass of `Noise`, as "
            "`patchwidgets/prompts/corruptions/uniform_noise.py` does."
        )
    if isinstance(behaviour, PromptPairs):
        return Noising(chosen, at)
    task = _task(behaviour)
    return Noising(chosen, None if at in task.sites else at, tuple(task.sites))


def corruption_names(studies: Sequence[tuple[dict[str, Any], Noising | None]]) -> list[str]:
    """Return what the corruption of each study is called, each with a name of its own."""
    names: list[str] = []
    for origin, noising in studies:
        name = origin["corruption"] + ("" if noising is None else f" k={noising.noise.k:g}")
        name += f" at {origin['at']}" if "at" in origin else ""
        same = sum(other.split(" #")[0] == name for other in names)
        names.append(f"{name} #{same + 1}" if same else name)
    return names


def _by_name(registry: Registry, member: Any) -> str:
    """Return how code names a member: in quotes if it is ours, else as a variable of the user's."""
    ours = member.name in registry.names() and registry.get(member.name) is member
    return repr(member.name) if ours else member.name


def code_of(
    lens: LensModel,
    opened: Mapping[str, Any],
    origin: dict[str, Any],
    metrics: Sequence[Metric],
) -> str:
    """Return the Python that makes a study again; your own pairs are called `pairs`."""
    own = isinstance(opened["behaviour"], PromptPairs)
    asked: dict[str, Any] = {}
    if not own:
        asked |= {name: origin[name] for name in ("n", "seed", "corruption", "at")}
    if "known" in origin:
        asked["known"] = origin["known"]["criterion"]
        settings = origin["known"].get("settings")
        asked |= {} if settings is None else {"known_in": [tuple(one) for one in settings]}
    elif opened["known"] is False:
        asked["known"] = False
    noising: Noising | None = origin["noising"]
    if own and noising is not None:
        asked |= {name: origin[name] for name in ("corruption", "at") if name in origin}
    asked |= {name: opened[name] for name in ("direction", "prepend_bos")}
    if opened["executor"] != "auto":
        asked["executor"] = opened["executor"]
    named = [_by_name(METRICS, metric) for metric in metrics]
    options = f", metric={named[0] if len(named) == 1 else '[' + ', '.join(named) + ']'}"
    options += "".join(f", {name}={value!r}" for name, value in asked.items())
    first = "pairs" if own else repr(origin["task"])
    imported = ""
    chosen = None if noising is None else noising.noise
    if "draws" in origin:
        chosen = replace(CORRUPTIONS.get(origin["corruption"]), draws=origin["draws"])
    if chosen is not None and CORRUPTIONS.get(chosen.name) != chosen:
        made = type(chosen)
        imported = f"from {made.__module__} import {made.__name__}\n"
        options = options.replace(f"corruption={made.name!r}", f"corruption={chosen!r}")
    return (
        f"import patchwidgets as pw\n{imported}\n"
        f"model = pw.load_model({lens.spec.name!r})\n"
        f"study = pw.Study(model, {first}{options})"
    )


def about_run(session: Session) -> dict[str, Any]:
    """Return what a result must remember of a session, to be told apart and made again."""
    return about_session(session) | {
        "fingerprint": session.fingerprint,
        "device": str(session.model.device),
        "executor": session.executor,
        "versions": {
            name: version(name)
            for name in ("patchwidgets", "torch", "transformer_lens", "transformers")
        },
    }


def shape_of(prompts: TokenPairs) -> PromptShape:
    """Return lengths and roles of prompts, for sweeps."""
    return PromptShape(
        lengths=tuple(group.clean.shape[1] for group in prompts.groups),
        roles=prompts.roles,
        labels=prompts.strings[prompts.pair_of(prompts.groups[0].members[0])][0],
        places={
            role: tuple(int(at) for group in prompts.groups for at in group.roles[role])
            for role in prompts.roles
        },
        buckets=prompts.buckets,
    )


def written_screen(screen: Screen | None) -> str:
    """Return how code asks for a screen; an estimate made before is called `estimated`."""
    if screen is None:
        return ""
    by = repr(screen.by) if isinstance(screen.by, str) else "estimated"
    return f", estimate={by}" + ("" if screen.top is None else f", top={screen.top}")


def written_source(
    given: Any, source: Source | None, seed: int | None, reference: PromptPairs | None
) -> str:
    """Return how code asks for a source; reference prompts are called `reference`.

    Args:
        given: As it was asked for: a name, or an object.
        source: What that is; `None` for the other run.
        seed: As it was asked for.
        reference: As they were asked for.
    """
    asked: dict[str, Any] = {}
    if source is not None:
        asked["source"] = source.name if isinstance(given, str) else source
    asked |= {} if seed is None else {"seed": seed}
    written = "".join(f", {option}={value!r}" for option, value in asked.items())
    return written + (", reference=reference" if reference is not None else "")


def written_study(
    session: Session, baseline: Baseline, origin: dict[str, Any], nothing: Undone | None
) -> str:
    """Return what a study shows of itself: whether the model does the task, and two pairs.

    Args:
        session: Its unpatched runs.
        baseline: Metric by prompt pair.
        origin: Where the pairs come from.
        nothing: That the model does the task on no prompt, if so.
    """
    prompts = session.prompts
    lines = [
        f"Study of {origin['behaviour']} on {session.model.spec.name}: {len(prompts.pairs)} pairs, "
        f"right on {session.right().mean():.0%} of the clean prompts",
        *([] if nothing is None else nothing.lines()),
    ]
    for index, metric in enumerate(session.metrics):
        clean, corrupted = baseline.clean[index], baseline.corrupted[index]
        lines.append(
            f"{metric.label}: {clean.mean():.3g} clean, {corrupted.mean():.3g} corrupted "
            f"({metric.unit})"
        )
    minded = advise(session, baseline, origin).lines()
    return "\n".join([*lines, *_written_shares(origin), "", prompts.show(2), *minded])


def _written_shares(origin: dict[str, Any]) -> list[str]:
    """Return what was left out of a task: words that the tokenizer splits, pairs not known."""
    shares = {kind: Share(*share) for kind, share in origin.get("usable", {}).items()}
    cut = [f"{share} {kind}" for kind, share in shares.items() if share.kept < share.of]
    lines = [f"usable with this tokenizer: {', '.join(cut)}"] if cut else []
    if "known" in origin:
        about = origin["known"]
        side = ", clean and corrupted" if about["both"] else ""
        named = " and ".join(f"{name} at {at}" for name, at in about.get("settings", ()))
        side += f", under {named}" if named else ""
        lines.append(
            f"kept what the model knows ({about['criterion']}{side}): "
            f"{Share(*about['share'])} of the pairs drawn"
        )
    return lines
