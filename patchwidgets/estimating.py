"""A study that estimates effects by gradients, and measures in the order of what it estimated."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from patchwidgets.engine.estimating import METHODS
from patchwidgets.engine.screen import Screen, screen_of
from patchwidgets.engine.session import Session
from patchwidgets.engine.sources._chosen import chosen_source
from patchwidgets.engine.sources._source import Source
from patchwidgets.plans.plan import Plan
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.results.circumstances import Circumstances
from patchwidgets.results.estimated import Estimated


class Estimating:
    """A study that says what patches would do, without making them."""

    if TYPE_CHECKING:

        @property
        def provenance(self) -> dict[str, Any]:
            """What a result of this study remembers of it."""
            ...

    _session: Session
    plan: Callable[..., Plan]
    _refuse_undone: Callable[[], None]
    _metric_infos: Any
    _groups: Any

    def estimate(
        self,
        plan: Plan | str | Callable[..., Plan] = "heads",
        method: str = "",
        *,
        source: str | Source = "other",
        reference: PromptPairs | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> Estimated:
        """Return what every patch of a plan would do, by gradients: nothing is patched.

        As fast as a few forward passes, and not exact: use it to choose what to measure, with
        `estimate=` and the same source.

        Args:
            plan: A plan, or what `plan` makes one of: the name of a sweep, or `path` with
                `receivers=[...]`.
            method: `attribution` for sweeps; `eap` or `eap_ig` for paths. By default the first
                that fits.
            source: What patches would write; as in `sweep`.
            reference: As in `sweep`.
            seed: As in `sweep`.
            **options: The plan's own, and the method's: `softmax_fix` and `graddrop` of
                `attribution`, `steps` of `eap_ig`.

        Raises:
            UnknownNameError: No sweep, site, source or method of that name.
            PlanError: As in `plan` and `sweep`; or the method is not for these patches.
            PromptError: As in `sweep`.
            MeasurementError: The first metric has no slope at the base run.
            MemoryBudgetError: `memory`, or what the machine has, holds the gradients of no prompt.
        """
        self._refuse_undone()
        written = chosen_source(source, reference, seed)
        own = {name for known in METHODS.values() for name in known}
        asked = {name: options.pop(name) for name in own & set(options)}
        chosen = plan if isinstance(plan, Plan) else self.plan(plan, **options)
        method = method or ("attribution" if chosen.form is None else "eap")
        session = self._session
        found = session.estimate(chosen, method, source=written, **asked)
        about = self._circumstances(written, session.fingerprint)
        return Estimated(
            chosen, self._metric_infos(), session.direction, self._groups(), found, about
        )

    def _screen(self, plan: Plan, estimate: Any, top: Any, source: Source | None) -> Screen | None:
        """Return how a plan is screened, as it was asked; arguments are those of `screen_of`."""

        def here() -> Circumstances:
            return self._circumstances(source, self._session.model.fingerprint())

        return screen_of(plan, estimate, top, here)

    def _circumstances(self, source: Source | None, weights: str) -> Circumstances:
        """Return what is estimated or measured on, with the weights as they are now."""
        asked = {"source": "other" if source is None else source.key, "fingerprint": weights}
        return Circumstances.of(
            self.provenance | asked, self._metric_infos(), self._session.direction
        )
