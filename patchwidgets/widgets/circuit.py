"""A circuit in a notebook."""

from collections.abc import Collection
from typing import Any

from patchwidgets.circuits.result import CircuitResult
from patchwidgets.results.result import Result
from patchwidgets.views._circuit import circuit
from patchwidgets.widgets.live import LiveView
from patchwidgets.widgets.widget import CircuitWidget


class LiveCircuit(LiveView[CircuitWidget]):
    """The runs of one circuit.

    Args:
        shown: What is shown.
    """

    def __init__(self, shown: CircuitResult) -> None:
        super().__init__()
        self._circuit = shown
        self.widget = CircuitWidget(*self._picture(), on_command=self._obey)
        self._follow(self._shown())

    def _picture(self) -> Any:
        return circuit(self._circuit)

    def _shown(self) -> Collection[Result]:
        return [self._circuit.measured]

    def _carry_out(self, command: dict[str, Any]) -> None:
        if command["command"] == "cancel":
            self._circuit.cancel()
