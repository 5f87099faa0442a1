"""How a sender's change travels to its receivers, by the name of the form."""

from collections.abc import Callable, Sequence

from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import Cell
from patchwidgets.engine.path_direct import added_to_heads, added_to_logits
from patchwidgets.engine.path_wave import Receiver, to_heads, to_logits
from patchwidgets.engine.replay import Replay
from patchwidgets.models.records import Record
from patchwidgets.plans.plan import Form


def travel(
    form: Form,
    replay: Replay,
    source: Record,
    senders: Sequence[Cell],
    receivers: Sequence[Receiver],
    check: Callable[[], None],
) -> Float[Tensor, "rows d_model"]:
    """Return the end of the residual stream, at the last position, for every sender.

    Args:
        form: Which nodes are frozen on the way.
        replay: The blocks, and the base run.
        source: The run whose values the senders take.
        senders: Cells of one sender each, sorted by `order`.
        receivers: Inputs of heads; none stands for the logits.
        check: Called before every block; raises to stop.
    """
    if form == "pinned":
        if receivers:
            return to_heads(replay, source, senders, receivers, check)
        return to_logits(replay, source, senders, check)
    if receivers:
        live = form == "direct"
        return added_to_heads(replay, source, senders, receivers, check, live=live)
    return added_to_logits(replay, source, senders, check)
