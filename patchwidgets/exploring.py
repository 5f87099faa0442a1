"""Explores a study by clicking: every map of it, in every setting, from one output cell."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from patchwidgets.engine.corrupting import fitting, reads_whole
from patchwidgets.engine.cost import Cost
from patchwidgets.engine.session import Session
from patchwidgets.errors import PatchwidgetsError
from patchwidgets.metrics import METRICS, as_metric
from patchwidgets.models.records import noise_reaches
from patchwidgets.models.spec import ModelSpec
from patchwidgets.plans.paths import FORMS
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.shape import PromptShape
from patchwidgets.prompts.corruptions import CORRUPTIONS
from patchwidgets.prompts.corruptions._noise import Noise
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.words import TokenizerWords
from patchwidgets.registry import one_of
from patchwidgets.results.result import Result
from patchwidgets.types import DIRECTIONS
from patchwidgets.views._keys import Chosen, parts_of, plan_key, setting_key, setting_of, tab_of
from patchwidgets.views.explorer import Offers, Option, Tab, TabCost

if TYPE_CHECKING:
    from patchwidgets.widgets.explorer import LiveExplorer

SITES = {
    "heads": ("z", "q", "k", "v"),
    "residual": ("resid_pre", "resid_mid", "resid_post"),
    "mlp": ("mlp_out",),
    "attn": ("attn_out",),
}
"""What the first maps of each sweep patch; the sweep's own site first."""

WINDOWS = (1, 3, 5)
"""Neighbouring layers that are patched together, where a sweep patches whole layers."""

PLACES = {
    "heads": (None, "roles", "each"),
    "residual": (None, "roles", "buckets"),
    "mlp": (None, "roles", "each", "buckets"),
    "attn": (None, "roles", "each", "buckets"),
}
"""What is patched together by each sweep; `None` for what the sweep does by itself."""

MOST_CELLS = 20_000
"""Cells of a map that is offered besides a sweep's own."""


def offered_maps(spec: ModelSpec, shape: PromptShape) -> list[tuple[str, dict[str, Any]]]:
    """Return the first maps that are offered, as sweeps with their options."""
    maps: list[tuple[str, dict[str, Any]]] = []
    for name, sites in SITES.items():
        windows = WINDOWS if name != "heads" else (1,)
        for site, window, places in product(sites, windows, PLACES[name]):
            options: dict[str, Any] = {} if site == sites[0] else {"site": site}
            options |= {} if window == 1 else {"window": window}
            options |= {} if places is None else {"positions": places}
            by_token = places == "each" or (name == "residual" and places is None)
            cells = spec.n_layers * (spec.n_heads if name == "heads" else 1)
            cells *= max(shape.lengths) if by_token else 1
            if not options or cells <= MOST_CELLS:
                maps.append((name, options))
    return maps


class Exploring:
    """A study that is explored by clicking."""

    _opened: dict[str, Any]
    _session: Session
    _again: Callable[..., Any]
    plan: Callable[..., Plan]
    sweep: Callable[..., Result]

    def explore(self, first: str = "heads", **options: Any) -> "LiveExplorer":
        """Return a view in which everything of this study can be measured by clicking.

        Other first maps, directions, corruptions, metrics and forms of path patching are measured
        when somebody asks for them there; what this study has measured with the same settings is
        read from the store.

        Args:
            first: The sweep that is measured at once.
            **options: The sweep's own.

        Raises:
            UnknownNameError: No sweep of that name.
            PlanError: As in `sweep`.
            PromptError: As in `sweep`.
        """
        from patchwidgets.widgets.explorer import LiveExplorer

        result = self.sweep(first, **options)
        return LiveExplorer([result], Asking(self, result, (first, options)))

    def cost_now(self, name: str, **options: Any) -> Cost | None:
        """Return what `cost` returns, without waiting for what is measured just now.

        Args:
            name: As in `plan`.
            **options: The plan's own.

        Returns:
            `None` where the runs that say it are not made yet.

        Raises:
            UnknownNameError: As in `plan`.
            PlanError: As in `plan`.
        """
        return self._session.cost_now(self.plan(name, **options).measured)


class Asking:
    """What a reader can ask of a study, and the studies that were opened to answer.

    Args:
        study: The study as it was opened.
        first: Its first map.
        asked: The sweep of the first map, and its options.
    """

    def __init__(self, study: Any, first: Result, asked: tuple[str, dict[str, Any]]) -> None:
        self._study = study
        self._own = setting_of(first)
        self._studies = {self._own: study}
        self._sweeps: dict[str, tuple[str, dict[str, Any]]] = {}
        self._described: dict[str, dict[str, Any]] = {}
        self._costs: dict[tuple[Chosen, str], tuple[str, float]] = {}
        self._corruptions = self._corruptions_of(study)
        spec = study._session.model.spec
        for name, options in [asked, *offered_maps(spec, study.shape)]:
            self._offer(name, options)

    def offers(self) -> Offers:
        """Return what there is to choose from, this study's own choice first."""
        direction, corruption, metrics = self._own
        return Offers(
            tabs=[
                Tab(
                    key=key,
                    **self._described[key],
                    code=_written(name, options),
                    **self._cost_here(key),
                    elsewhere=self._elsewhere(key),
                )
                for key, (name, options) in self._sweeps.items()
            ],
            directions=_options([direction, *DIRECTIONS]),
            corruptions=_options([corruption, *self._corruptions]),
            metrics=[
                Option(value=name, label=as_metric(self._metric(name)).label)
                for name in dict.fromkeys([*metrics, *self._metrics()])
            ],
            forms=_options(FORMS),
        )

    def sweep(self, tab: str, direction: str, corruption: str, metrics: Sequence[str]) -> Result:
        """Start a first map in a setting.

        Raises:
            UnknownNameError: It names what was not offered.
            PatchwidgetsError: The setting cannot be opened, or the sweep not planned in it.
        """
        name, options = self._sweeps[one_of("map", tab, list(self._sweeps))]
        return self._study_of(direction, corruption, metrics).sweep(name, **options)

    def keep(self, result: Result) -> None:
        """Let the study that is explored remember what another of its settings measured."""
        if setting_of(result) != self._own:
            self._study.adopt([result])

    def estimate_costs(self) -> Iterator[None]:
        """Find out how long the first maps take in every setting that was opened, one by one.

        It waits while something is measured. The sweeps' own maps come first, and those of other
        sites last, as what they patch is recorded for it.
        """
        sweeps = sorted(self._sweeps.items(), key=lambda one: ("site" in one[1][1], len(one[1][1])))
        for setting, study in list(self._studies.items()):
            for key, (name, options) in sweeps:
                if (setting, key) not in self._costs:
                    cost = study.cost(name, **options)
                    self._costs[setting, key] = cost.time, cost.seconds
                    yield

    def _cost_here(self, tab: str) -> dict[str, Any]:
        """Return what a first map takes in the first setting, as far as that is known."""
        words, seconds = self._costs.get((self._own, tab), ("", None))
        return {"cost": words, "seconds": seconds}

    def _elsewhere(self, tab: str) -> list[TabCost]:
        """Return what a first map takes in settings that are not the first."""
        known = [one for one in list(self._costs.items()) if one[0][1] == tab]
        return [
            TabCost(setting=setting_key(setting, self._own), cost=words, seconds=seconds)
            for (setting, _), (words, seconds) in known
            if setting != self._own
        ]

    def _study_of(self, direction: str, corruption: str, metrics: Sequence[str]) -> Any:
        one_of("direction", direction, DIRECTIONS)
        one_of("corruption", corruption, list(dict.fromkeys([self._own[1], *self._corruptions])))
        wanted = (direction, corruption, tuple(metrics))
        if wanted not in self._studies:
            changes: dict[str, Any] = {"direction": direction}
            if corruption != self._own[1]:
                chosen, at = self._corruptions[corruption]
                changes |= {"corruption": chosen, "at": at, "known_in": self._known_in()}
            if wanted[2] != self._own[2]:
                changes["metric"] = [self._metric(name) for name in metrics]
            self._studies[wanted] = self._study._again(**changes)
        return self._studies[wanted]

    def _known_in(self) -> Any:
        """Return what keeps the prompts that the first map was measured on."""
        opened = self._study._opened
        own = [(opened["corruption"], opened["at"])] if opened["known"] else None
        return opened["known_in"] or own

    def _metric(self, name: str) -> Any:
        """Return a metric by name: this study's own, which may be one that a user wrote."""
        own = {metric.name: metric for metric in self._study.metrics}
        return own.get(name, name)

    def _metrics(self) -> list[str]:
        """Return the metrics of ours that read answers as this study does."""
        whole = reads_whole(self._study.metrics)
        return [name for name in METRICS.names() if reads_whole([as_metric(name)]) == whole]

    def _offer(self, name: str, options: dict[str, Any]) -> None:
        """Offer a first map, where this model and these prompts have it."""
        try:
            plan = self._study.plan(name, **options)
        except PatchwidgetsError:
            return
        key, (group, label) = plan_key(plan), tab_of(plan)
        self._sweeps.setdefault(key, (name, options))
        self._described.setdefault(key, {"group": group, "label": label, **parts_of(plan)})

    def _corruptions_of(self, study: Any) -> dict[str, tuple[str, str | None]]:
        """Return what can corrupt this study's prompts, by what results call it."""
        behaviour = study._opened["behaviour"]
        reached = noise_reaches(study._session.model, study.prompts.groups[0].clean[:1])
        noises = [
            one for name in CORRUPTIONS.names() if isinstance(one := CORRUPTIONS.get(name), Noise)
        ]
        noises = noises if reached else []
        if isinstance(behaviour, PromptPairs):
            return _own_corruptions(study, behaviour, noises)
        task = TASKS.get(behaviour) if isinstance(behaviour, str) else behaviour
        words = TokenizerWords(study._session.model.tokenizer)
        found = {f"token_replacement at {at}": ("token_replacement", at) for at in task.sites}
        for at in task.sites:
            try:
                few = task.pairs(FEW, study._opened["seed"], at=at, words=words)
            except PatchwidgetsError:
                del found[f"token_replacement at {at}"]
                continue
            found |= {f"{one} at {at}": (one, at) for one in _fitting(study, few, None, noises)}
        return found


FEW = 16
"""Prompt pairs on which it is tried whether noise has a size."""


def _own_corruptions(
    study: Any, pairs: PromptPairs, noises: Sequence[Noise]
) -> dict[str, tuple[str, str | None]]:
    """Return what can corrupt a user's own pairs: what they are given with, and noise.

    Noise is added to the tokens that differ; to a role where a pair has no corrupted prompt.
    """
    given = all(pair.corrupted for pair in pairs)
    found: dict[str, tuple[str, str | None]] = {}
    if given:
        found["as given"] = ("token_replacement", None)
    for at in [None] if given else study.prompts.roles:
        written = "" if at is None else f" at {at}"
        found |= {f"{one}{written}": (one, at) for one in _fitting(study, pairs, at, noises)}
    return found


def _fitting(study: Any, pairs: PromptPairs, at: str | None, noises: Sequence[Noise]) -> list[str]:
    """Return the names of the kinds of noise that have a size on some prompt pairs."""
    bos = study._opened["prepend_bos"]
    try:
        return fitting(study._session.model, pairs, bos, at, study.metrics, noises)
    except PatchwidgetsError:
        return []


def _options(values: Sequence[str]) -> list[Option]:
    return [Option(value=value, label=value.replace("_", " ")) for value in dict.fromkeys(values)]


def _written(name: str, options: dict[str, Any]) -> str:
    given = "".join(f", {option}={value!r}" for option, value in options.items())
    return f"study.sweep({name!r}{given})"
