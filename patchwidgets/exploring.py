"""Explores a study by clicking: every map of it, in every setting, from one output cell."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from patchwidgets.engine.corrupting import reads_whole
from patchwidgets.errors import PatchwidgetsError
from patchwidgets.metrics import METRICS, as_metric
from patchwidgets.plans.paths import FORMS
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.registry import one_of
from patchwidgets.results.result import Result
from patchwidgets.types import DIRECTIONS
from patchwidgets.views._keys import Chosen, plan_key, setting_key, setting_of, tab_of
from patchwidgets.views.explorer import Offers, Option, Tab, TabCost

if TYPE_CHECKING:
    from patchwidgets.widgets.explorer import LiveExplorer

MAPS: list[tuple[str, dict[str, Any]]] = [
    ("heads", {}),
    ("residual", {}),
    ("mlp", {}),
    ("attn", {}),
    ("heads", {"positions": "roles"}),
    ("mlp", {"positions": "roles"}),
    ("mlp", {"window": 3}),
    ("mlp", {"window": 5}),
    ("mlp", {"positions": "buckets"}),
    ("mlp", {"window": 5, "positions": "buckets"}),
    ("heads", {"site": "q"}),
    ("heads", {"site": "k"}),
    ("heads", {"site": "v"}),
]
"""The first maps that are offered, with the options of their sweeps."""


class Exploring:
    """A study that is explored by clicking."""

    _opened: dict[str, Any]
    _again: Callable[..., Any]
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
        """
        from patchwidgets.widgets.explorer import LiveExplorer

        result = self.sweep(first, **options)
        return LiveExplorer([result], Asking(self, result, (first, options)))


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
        self._labels: dict[str, tuple[str, str]] = {}
        self._costs: dict[tuple[Chosen, str], tuple[str, float]] = {}
        self._corruptions = self._corruptions_of(study)
        for name, options in [asked, *MAPS]:
            self._offer(name, options)

    def offers(self) -> Offers:
        """Return what there is to choose from, this study's own choice first."""
        direction, corruption, metrics = self._own
        return Offers(
            tabs=[
                Tab(
                    key=key,
                    group=self._labels[key][0],
                    label=self._labels[key][1],
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

    def estimate_costs(self) -> None:
        """Find out how long the first maps take in every setting that was opened.

        It waits while something is measured. Maps of queries, keys and values come last, as what
        they patch is recorded for it.
        """
        sweeps = sorted(self._sweeps.items(), key=lambda one: "site" in one[1][1])
        for setting, study in list(self._studies.items()):
            for key, (name, options) in sweeps:
                if (setting, key) not in self._costs:
                    cost = study.cost(name, **options)
                    self._costs[setting, key] = cost.time, cost.seconds

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
        one_of("corruption", corruption, [self._own[1], *self._corruptions])
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
        key = plan_key(plan)
        self._sweeps.setdefault(key, (name, options))
        self._labels.setdefault(key, tab_of(plan))

    def _corruptions_of(self, study: Any) -> dict[str, tuple[str, str]]:
        """Return the corruptions of the study's task, by what results call them."""
        behaviour = study._opened["behaviour"]
        if isinstance(behaviour, PromptPairs):
            return {}
        task = TASKS.get(behaviour) if isinstance(behaviour, str) else behaviour
        return {
            f"{name} at {site}": (name, site)
            for name in ("token_replacement", "gaussian_noise")
            for site in task.sites
        }


def _options(values: Sequence[str]) -> list[Option]:
    return [Option(value=value, label=value.replace("_", " ")) for value in dict.fromkeys(values)]


def _written(name: str, options: dict[str, Any]) -> str:
    given = "".join(f", {option}={value!r}" for option, value in options.items())
    return f"study.sweep({name!r}{given})"
