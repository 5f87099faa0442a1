"""A comparison in a notebook."""

from collections.abc import Collection
from typing import Any

from patchwidgets.results.comparison import Comparison
from patchwidgets.results.result import Result
from patchwidgets.views._comparison import comparison
from patchwidgets.widgets.live import LiveView
from patchwidgets.widgets.widget import ComparisonWidget


class LiveComparison(LiveView[ComparisonWidget]):
    """All results of a comparison.

    Args:
        compared: What is shown.
    """

    def __init__(self, compared: Comparison) -> None:
        super().__init__()
        self._compared = compared
        self.widget = ComparisonWidget(*self._picture(), on_command=self._obey)
        self._follow(self._shown())

    def _picture(self) -> Any:
        return comparison(self._compared)

    def _shown(self) -> Collection[Result]:
        return self._compared.results.values()

    def _carry_out(self, command: dict[str, Any]) -> None:
        if command["command"] == "cancel":
            keys = [one["key"] for one in self.widget.header["maps"]]
            for key, result in zip(keys, self._shown(), strict=True):
                if key == command["key"]:
                    result.cancel()
