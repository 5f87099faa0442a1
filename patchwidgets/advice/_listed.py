"""A list of advice that prints well."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import overload

from patchwidgets.advice._advice import SEVERITIES, Advice, Severity
from patchwidgets.registry import one_of


class AdviceList(Sequence[Advice]):
    """Advice, the most severe first; of one severity, by name."""

    def __init__(self, advice: Iterable[Advice]) -> None:
        self._advice = tuple(
            sorted(advice, key=lambda one: (SEVERITIES.index(one.severity), one.name))
        )

    @overload
    def __getitem__(self, index: int) -> Advice: ...
    @overload
    def __getitem__(self, index: slice) -> "AdviceList": ...
    def __getitem__(self, index: int | slice) -> "Advice | AdviceList":
        if isinstance(index, slice):
            return AdviceList(self._advice[index])
        return self._advice[index]

    def __len__(self) -> int:
        return len(self._advice)

    @property
    def names(self) -> list[str]:
        """The rules that gave it, in the same order."""
        return [one.name for one in self._advice]

    def at_least(self, severity: Severity | str) -> "AdviceList":
        """Return what is as severe as `severity`, or more.

        Raises:
            UnknownNameError: There is no such severity.
        """
        known = one_of("severity", severity, SEVERITIES)
        wanted = SEVERITIES[: SEVERITIES.index(known) + 1]
        return AdviceList(one for one in self._advice if one.severity in wanted)

    def lines(self) -> list[str]:
        """Return a line for each warning and error, and one that counts the notes."""
        severe = self.at_least("warning")
        written = [f"advice: {one.severity}: {one.sentence} [{one.name}]" for one in severe]
        notes = len(self) - len(severe)
        if notes:
            several = "s" if notes > 1 else ""
            written.append(f"advice: {notes} note{several} more: see `.advice()`")
        return written

    def __repr__(self) -> str:
        return "\n".join(map(str, self._advice)) or "No advice."

    def _repr_html_(self) -> str:
        if not self._advice:
            return "<p>No advice.</p>"
        return f"<ul>{''.join(map(_item, self._advice))}</ul>"


def _item(one: Advice) -> str:
    return (
        f"<li><b>{escape(one.severity)}</b>: {escape(one.sentence)} "
        f"<code>{escape(one.name)}</code><br>{escape(one.reason)} "
        f"<i>{escape(one.source)}</i><br>{escape(one.todo)}</li>"
    )
