"""What every source has, and how its values take the place of the other run's."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol, runtime_checkable

from torch import Tensor

from patchwidgets.engine.runs import GroupRuns
from patchwidgets.errors import PlanError
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.records import Record
from patchwidgets.prompts.tokens import TokenPairs

Rewrite = Callable[[Tensor, str, int], Tensor]
"""Gets a base activation (batch first), its site and its layer; returns the source's."""


@runtime_checkable
class Source(Protocol):
    """Values that patches write instead of the other run's."""

    @property
    def name(self) -> str:
        """The key it is chosen by."""
        ...

    @property
    def key(self) -> str:
        """Text that two sources share only if they write the same values."""
        ...

    def rewriting(
        self,
        model: LensModel,
        prompts: TokenPairs,
        runs: GroupRuns,
        sites: Iterable[str],
        check: Callable[[], None],
    ) -> Rewrite:
        """Return what makes the source's values of one group, after running what that takes."""
        ...


def with_source(
    source: Source,
    model: LensModel,
    prompts: TokenPairs,
    runs: GroupRuns,
    sites: Iterable[str],
    check: Callable[[], None],
) -> GroupRuns:
    """Return the same runs with patches that write the values of `source`.

    Every position may differ from the base run then, also those before the prompts of a pair do.
    """
    rewrite = source.rewriting(model, prompts, runs, sites, check)
    return replace(runs, source=_rewritten(runs.base, rewrite), first=0)


def require_one_token(source: str, runs: GroupRuns) -> None:
    """Check that nothing follows the prompts, because other prompts have other answers.

    Raises:
        PlanError: Answers of several tokens do.
    """
    if runs.base.read > 1:
        raise PlanError(
            f"`source={source!r}` writes values of other prompts, and here every prompt is "
            "followed by its own answer of several tokens, for which others have no values. Use "
            "the other run of each pair (leave `source` out) or `source='zero'`."
        )


def _rewritten(base: Record, rewrite: Rewrite) -> Record:
    return replace(
        base,
        residual=tuple(rewrite(each, "resid_pre", i) for i, each in enumerate(base.residual)),
        activations={
            site: tuple(rewrite(each, site, layer) for layer, each in enumerate(layers))
            for site, layers in base.activations.items()
        },
    )
