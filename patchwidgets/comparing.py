"""Measures one map in several ways: corruptions, metrics, directions and windows side by side."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from patchwidgets.errors import PlanError
from patchwidgets.opening import corruption_names, metrics_of
from patchwidgets.plans.plan import Plan
from patchwidgets.prompts.corruptions._named import settings_of
from patchwidgets.results.comparison import Comparison, Setting, require_several
from patchwidgets.types import DIRECTIONS

Corrupting = tuple[Any, str | None]
"""A corruption, by name or as an object, and its site; `None` for the default one."""


class Comparing:
    """A study that measures one map in several ways."""

    _opened: dict[str, Any]
    _code: str
    _again: Callable[..., Any]
    _refuse_undone: Callable[[], None]
    adopt: Callable[..., None]

    def compare(
        self,
        sweep: str | Callable[..., Plan] = "heads",
        *,
        corruptions: Sequence[str | Any] | None = None,
        metrics: Sequence[str | Callable[..., Any]] | None = None,
        directions: Sequence[str] | None = None,
        windows: Sequence[int] = (1,),
        **options: Any,
    ) -> Comparison:
        """Measure one sweep by several methods; returns at once, and measures in a thread.

        Every metric is read off the same runs, so that only corruptions, directions and windows
        cost time. What is not named stays as in this study. All methods are measured on the same
        clean prompts: with `known`, on those that are known under every corruption compared.

        Args:
            sweep: As in `sweep`.
            corruptions: Each a name, an object, or one of these with its site, such as
                `("gaussian_noise", "S2")`.
            metrics: Names of metrics, or callables.
            directions: `denoising`, `noising`, or both.
            windows: Widths of windows of neighbouring layers; 1 for single layers.
            **options: The sweep's own.

        Raises:
            PlanError: A list is empty or has a thing twice, or there is only one method in all.
            PromptError: As in `sweep`.
            UnknownNameError: No sweep, corruption, corruption site, metric or direction of that
                name.
        """
        metrics, corruptions, directions = map(_listed, (metrics, corruptions, directions))
        if metrics is not None:
            _require("metrics", metrics, metrics)
        chosen = metrics_of(self._opened["metric"] if metrics is None else list(metrics))
        pairs = [(self._opened["corruption"], self._opened["at"])]
        if corruptions is not None:
            pairs = [one if isinstance(one, tuple) else (one, None) for one in corruptions]
        sides = [self._opened["direction"]] if directions is None else list(directions)
        named = [(getattr(corruption, "name", corruption), at) for corruption, at in pairs]
        for name, written, given in (
            ("corruptions", named, pairs),
            ("directions", sides, sides),
            ("windows", windows, windows),
        ):
            _require(name, written, given)
        require_several(len(pairs) * len(chosen) * len(sides) * len(windows))
        self._refuse_undone()
        shared = self._known_in(pairs)
        studies = [
            [
                self._again(corruption=one, at=at, direction=side, metric=chosen, **shared)
                for side in sides
            ]
            for one, at in pairs
        ]
        names = corruption_names([(first._origin, first._noising) for first, *_ in studies])
        results = {}
        for name, opened in zip(names, studies, strict=True):
            for study, window in product(opened, windows):
                wide = {} if window == 1 else {"window": window}
                setting = Setting(name, study.direction, window)
                results[setting] = study.sweep(sweep, **options, **wide)
        asked = {
            "corruptions": corruptions,
            "metrics": metrics,
            "directions": directions,
            "windows": None if tuple(windows) == (1,) else windows,
        }
        call = written_call(sweep, asked, options)
        compared = Comparison(results, code=f"{self._code}\ncomparison = {call}")
        self.adopt(results.values(), (), [compared])
        return compared

    def _known_in(self, pairs: Sequence[Corrupting]) -> dict[str, Any]:
        """Return how studies of these corruptions are opened to have the same clean prompts."""
        if not self._opened["known"] or len(pairs) < 2:
            return {}
        return {"known_in": settings_of([*settings_of(self._opened["known_in"]), *pairs])}


def written_call(
    sweep: str | Callable[..., Plan],
    asked: Mapping[str, Sequence[Any] | None],
    options: Mapping[str, Any],
) -> str:
    """Return how code asks for a comparison; objects of your own are called by their names."""
    given = [_written(sweep)]
    given += [
        f"{name}=[{', '.join(map(_written, members))}]"
        for name, members in asked.items()
        if members is not None
    ]
    given += [f"{name}={_written(value)}" for name, value in options.items()]
    return f"study.compare({', '.join(given)})"


def _written(one: Any) -> str:
    if isinstance(one, tuple):
        return f"({', '.join(map(_written, one))})"
    plain = isinstance(one, str | int | float | list | dict) or one is None
    return repr(one) if plain else getattr(one, "name", None) or getattr(one, "__name__", repr(one))


def _listed(given: Any) -> Any:
    """Return one name by itself as a list of one."""
    return [given] if isinstance(given, str) else given


def _require(name: str, written: Sequence[Any], given: Sequence[Any]) -> None:
    """Check that a list names something, and nothing twice.

    Raises:
        PlanError: It does not.
    """
    example = {
        "corruptions": "['token_replacement', ('gaussian_noise', 'S2')]",
        "metrics": "['logit_diff', 'prob']",
        "directions": repr(list(DIRECTIONS)),
        "windows": "[1, 3, 5]",
    }[name]
    if not given:
        raise PlanError(f"`{name}` is empty, so nothing would be measured. Write `{example}`.")
    twice = [one for index, one in enumerate(given) if one in given[:index]]
    if twice:
        which = written[[one in twice for one in given].index(True)]
        raise PlanError(
            f"`{name}` has {which!r} twice, which would be measured twice and compared with "
            f"itself. Name each once, as in `{example}`."
        )
