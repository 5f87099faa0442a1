"""Neighbouring neurons of an MLP that are changed together."""

from numbers import Integral
from typing import Any

from patchwidgets.errors import PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.plans.plan import Axis

BLOCK = 64
"""Neurons of a block, where it is not said."""


def neuron_blocks(spec: ModelSpec, block: Any) -> tuple[list[tuple[int, int]], Axis]:
    """Return first and last-plus-one neuron of every block, and the axis they are on.

    Raises:
        PlanError: `block` is not a number of neurons.
    """
    if not is_whole(block) or block < 1:
        raise PlanError(
            f"`block={block!r}` is not a number of neurons of `{spec.name}`, whose MLPs have "
            f"{spec.d_mlp}. Use 1 for each neuron by itself, or a size such as 64."
        )
    starts = range(0, spec.d_mlp, int(block))
    blocks = [(first, min(first + int(block), spec.d_mlp)) for first in starts]
    names = tuple(f"{first}" if block == 1 else f"{first}:{end}" for first, end in blocks)
    return blocks, Axis("neurons", names)


def is_whole(number: Any) -> bool:
    """Whether something is a whole number, of Python or of NumPy."""
    return isinstance(number, Integral) and not isinstance(number, bool)
