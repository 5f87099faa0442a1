"""One first map of an explorer in all the settings that were measured, as a comparison."""

from collections.abc import Sequence

from patchwidgets.results.comparison import Comparison, Setting
from patchwidgets.results.result import Result
from patchwidgets.views import comparison as wire
from patchwidgets.views._comparison import comparison
from patchwidgets.views._keys import key_of, setting_of


class SideBySide:
    """Draws the comparison again only where there is something new: its statistics take a while.

    Attributes:
        tab: Key of the map that is compared; empty for none.
    """

    def __init__(self) -> None:
        self.tab = ""
        self._of: list[Result] = []
        self._drawn: tuple[str, wire.Comparison, bytes] | None = None

    def picture(self, results: Sequence[Result]) -> tuple[str, wire.Comparison, bytes] | None:
        """Return the tab with its comparison; `None` while there are not two ways to compare.

        Args:
            results: Everything that the explorer shows. Maps are compared that are measured to
                their end, by the metrics of the first.
        """
        found = _comparable(results, self.tab)
        if found != self._of:
            self._of, self._drawn = found, self._draw(found)
        return self._drawn

    def _draw(self, found: Sequence[Result]) -> tuple[str, wire.Comparison, bytes] | None:
        if not found or len(found) * len(found[0].metrics) < 2:
            return None
        by_setting = {}
        for result in found:
            _, corruption, _ = setting_of(result)
            by_setting[Setting(corruption, result.direction, 1)] = result
        code = found[0].provenance.get("code", "")
        return self.tab, *comparison(Comparison(by_setting, code))


def _comparable(results: Sequence[Result], tab: str) -> list[Result]:
    """Return the results of a tab by one set of metrics, that of the first of them."""
    done = [one for one in results if key_of(one) == tab and one.progress.state == "done"]
    return [one for one in done if setting_of(one)[2] == setting_of(done[0])[2]]
