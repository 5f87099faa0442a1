"""Advice on a study: what rules are told of a session before anything is measured."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from patchwidgets.advice import AdviceList, Rule
from patchwidgets.advice._asking import about_study
from patchwidgets.advice._facts import read_facts
from patchwidgets.engine.measured_prompts import measured_prompts
from patchwidgets.engine.session import Session
from patchwidgets.results.measured import Baseline, MetricInfo


class Advised:
    """A study that gives advice on itself."""

    _session: Session
    _baseline: Baseline
    _origin: dict[str, Any]

    def advice(
        self, *, silence: str | Collection[str] = (), also: Sequence[Rule] = ()
    ) -> AdviceList:
        """Return what to mind, the most severe first; `advice/README.md` says more.

        Args:
            silence: Names of rules that are not asked.
            also: Rules of your own.

        Raises:
            UnknownNameError: `silence` names no rule.
        """
        return advise(self._session, self._baseline, self._origin, silence, also)


def advise(
    session: Session,
    baseline: Baseline,
    origin: Mapping[str, Any],
    silence: str | Collection[str] = (),
    also: Sequence[Rule] = (),
) -> AdviceList:
    """Return the advice on a session's study.

    Args:
        session: The model and the prompts.
        baseline: Metric by prompt pair.
        origin: Where the pairs come from, as in a provenance.
        silence: Names of rules that are not asked.
        also: Further rules.
    """
    facts = read_facts(
        {**origin, **about_session(session)},
        metrics=[MetricInfo(metric.name, metric.label, metric.unit) for metric in session.metrics],
        direction=session.direction,
        baseline=baseline,
        groups=[pair.group for pair in session.prompts.pairs],
    )
    return about_study(facts, silence, also)


def about_session(session: Session) -> dict[str, Any]:
    """Return the part of a provenance that is known without reading any weight."""
    model, prompts = session.model, session.prompts
    return {
        "model": model.spec.to_json(),
        "dtype": str(model.dtype).removeprefix("torch."),
        "prepend_bos": prompts.prepend_bos,
        "bos_by_default": model.default_prepend_bos,
        "hooks": model.callers_hooks(),
        "compatibility_mode": model.compatibility_mode,
        "prompts": measured_prompts(session),
        **({} if prompts.noise is None else {"noise": prompts.noise.settings()}),
    }
