"""How a sender's change travels to its receivers, by the name of the form, and what comes of it."""

from collections.abc import Callable, Sequence

from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import Cell
from patchwidgets.engine.path_blocks import call, writing
from patchwidgets.engine.path_direct import AddedLive, added
from patchwidgets.engine.path_legs import Leg, Senders, Stopover
from patchwidgets.engine.path_receivers import Arrived, Receiver, Stops
from patchwidgets.engine.path_wave import carried
from patchwidgets.engine.replay import Replay
from patchwidgets.models.records import Record
from patchwidgets.plans.plan import Form

Arriving = Callable[[int, Float[Tensor, "rows suffix d_model"]], Arrived]
"""Takes a block and the live residual stream before it; gives what its receivers are let know."""


def travel(
    form: Form,
    replay: Replay,
    source: Record,
    senders: Sequence[Cell],
    stops: Stops,
    check: Callable[[], None],
) -> Float[Tensor, "rows d_model"]:
    """Return the end of the residual stream, where it is read, for every sender.

    Args:
        form: Which nodes are frozen on the way.
        replay: The blocks, and the base run.
        source: The run whose values the senders take.
        senders: Cells of one sender each, sorted by `order`.
        stops: Who is let know, one set after another; the last are the receivers.
        check: Called before every block; raises to stop.
    """
    arrive = carried if form == "pinned" else added
    leg: Leg = Senders(replay, source, senders)
    *way, receivers = stops
    for stop in way:
        leg = Stopover(replay, arrive(replay, leg, stop, check), len(senders))
    if form == "direct":
        return _live(replay, receivers, AddedLive(replay, leg, receivers, check), senders, check)
    arrived = arrive(replay, leg, receivers, check)
    return _live(replay, receivers, lambda layer, _: _at(layer, arrived), senders, check)


def _at(layer: int, arrived: Arrived) -> Arrived:
    return {one: values for one, values in arrived.items() if one.layer == layer}


def _live(
    replay: Replay,
    receivers: Sequence[Receiver],
    arriving: Arriving,
    senders: Sequence[Cell],
    check: Callable[[], None],
) -> Float[Tensor, "rows d_model"]:
    """Overwrite receivers with what they are let know, and recompute everything after them.

    Source: Wang et al. 2022, appendix B, step D.
    """
    layers = {receiver.layer for receiver in receivers}
    last = len(replay.base.calls) - 1
    hidden = replay.residual(min(layers), len(senders))
    for layer in range(min(layers), last + 2):
        check()
        if layer == last and max(layers) < last:
            return replay.end(hidden)
        arrived = arriving(layer, hidden)
        for one in [one for one in arrived if one.site == "resid_pre"]:
            hidden = one.overwritten(hidden, arrived.pop(one), replay.start, 0)
        if layer <= last:
            hidden = call(replay, layer, hidden, writing(replay, arrived))
    return replay.read_off(hidden)
