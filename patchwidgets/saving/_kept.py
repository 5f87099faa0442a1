"""Everything that was measured in a study, and the views that show it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from patchwidgets.circuits.result import CircuitResult
from patchwidgets.reports.html import Foot, page
from patchwidgets.results._document import Precision
from patchwidgets.results.comparison import Comparison
from patchwidgets.results.result import Result
from patchwidgets.saving._picture import picture, rounded
from patchwidgets.views._circuit import circuit
from patchwidgets.views._comparison import comparison
from patchwidgets.views._still import Shown

Pictures = list[tuple[Shown, bytes]]
"""Header and arrays of each view, from top to bottom."""


class Kept(NamedTuple):
    """What a study has measured.

    Args:
        results: By key.
        circuits: In the order they were started.
        comparisons: The same; their results are among `results`.
    """

    results: dict[str, Result]
    circuits: Sequence[CircuitResult] = ()
    comparisons: Sequence[Comparison] = ()

    def key_of(self, result: Result) -> str:
        """Return under which key a result, or what was measured again in its place, is kept."""
        same = _identity(result)
        return next(key for key, one in self.results.items() if _identity(one) == same)

    def pictures(self, precision: Precision = "exact") -> Pictures:
        """Return an explorer of all maps, then the comparisons and the circuits.

        Args:
            precision: With `float16`, numbers are rounded.
        """
        rough = precision == "float16"
        compared = [comparison(_rough(one) if rough else one) for one in self.comparisons]
        if rough:
            compared = [(header, rounded(header, block)) for header, block in compared]
        return [
            picture(list(self.results.values()), precision),
            *compared,
            *(circuit(one.rounded() if rough else one) for one in self.circuits),
        ]


def as_page(drawn: Pictures, foot: Foot | None = None) -> str:
    """Return everything as one page, with a foot where there are charts."""
    (header, block), *below = drawn
    return page(header, block, header.title, below, foot)


def _identity(result: Result) -> tuple[Any, ...]:
    return result.provenance.get("code", ""), result.plan


def _rough(compared: Comparison) -> Comparison:
    results = {
        setting: Result.from_json(result.to_json("float16"))
        for setting, result in compared.results.items()
    }
    return Comparison(results, compared.code)
