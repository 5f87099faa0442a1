"""A circuit and everything that is measured of it, as patches. Pure data: no model needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from patchwidgets.circuits.random_circuits import Layers
from patchwidgets.circuits.universe import Mlps, ordered, outside
from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap

SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Of the universe, at which a curve is measured beyond the circuit: those of Mueller et al. 2025
(MIB, arXiv 2504.13151)."""

EVERY_SIZE = 40
"""Up to so many nodes a curve has a point at every size."""


@dataclass(frozen=True)
class Circuit:
    """Some nodes of a universe, and what is measured to tell how much they do.

    Every patch is made on the clean run, and writes the values of the corrupted run, or of another
    source.

    Args:
        nodes: The circuit.
        universe: What it chooses from; see `universe_of`.
        mlps: Whether MLPs are in the universe.
        random: Circuits of the same size, drawn by chance.
        layers: How these were drawn.
        seed: Of that draw.
        order: In which nodes are added one after another: those of the circuit, then any others.
        sizes: Of the circuits on the curve, the smallest first: so many nodes of `order`.
    """

    nodes: tuple[Node, ...]
    universe: tuple[Node, ...]
    mlps: Mlps
    random: tuple[tuple[Node, ...], ...]
    layers: Layers
    seed: int
    order: tuple[Node, ...]
    sizes: tuple[int, ...]

    @cached_property
    def plan(self) -> Plan:
        """Every patch, each once. A circuit of the whole universe is the model: it has none."""
        sets = [self._keeping(()), self._keeping(self.nodes), self._removing]
        sets += [self._keeping(one) for one in self.random]
        sets += [self._keeping(self.order[:size]) for size in self.sizes]
        patches = tuple(dict.fromkeys(one for one in sets if one is not None))
        index = {patch: place for place, patch in enumerate(patches)}
        cells = tuple(None if one is None else index[one] for one in sets)
        last = 3 + len(self.random)
        return Plan(
            name="circuit",
            patches=patches,
            maps=(
                PlanMap("circuit", (Axis("run", RUNS),), cells[:3]),
                PlanMap("random", (Axis("circuit", tuple(range(last - 3))),), cells[3:last]),
                PlanMap("curve", (Axis("size", self.sizes),), cells[last:]),
            ),
        )

    @property
    def is_complete(self) -> bool:
        """Whether the curve goes from nothing to the whole universe."""
        ends = bool(self.sizes) and self.sizes[0] == 0 and self.sizes[-1] == len(self.universe)
        return ends and all(node.position is None for node in self.order)

    def _keeping(self, nodes: Sequence[Node]) -> Patch | None:
        """Return the patch that keeps these nodes only; `None` where nothing is outside."""
        rest = outside(self.universe, set(nodes))
        return Patch(rest) if rest else None

    @property
    def _removing(self) -> Patch | None:
        """The patch that overwrites the circuit; `None` where it has no nodes."""
        return Patch(ordered(self.universe, self.nodes)) if self.nodes else None


RUNS = ("nothing", "circuit", "without")
"""What is kept: no node of the universe, only the circuit, everything but the circuit."""


def curve_sizes(circuit: int, order: int, universe: int) -> tuple[int, ...]:
    """Return the sizes at which a curve is measured.

    Every size up to the circuit's, or `EVERY_SIZE` of them, then the shares of `SHARES`.

    Args:
        circuit: Nodes of the circuit.
        order: Nodes whose order is known.
        universe: Nodes in all.
    """
    step = max(1, -(-circuit // EVERY_SIZE))
    sizes = {*range(0, circuit, step), circuit, order}
    sizes |= {round(share * universe) for share in SHARES}
    return tuple(sorted(size for size in sizes if size <= circuit or circuit < size <= order))
