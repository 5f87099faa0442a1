"""How a sender's change travels to its receivers, by the name of the form, and what comes of it."""

from collections.abc import Callable, Hashable, Iterable, Sequence

from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.path_direct import AddedLive, added
from patchwidgets.engine.path_landing import Landing, land
from patchwidgets.engine.path_legs import Leg, Senders, Stopover
from patchwidgets.engine.path_receivers import Arrived, Receiver
from patchwidgets.engine.path_routes import Route
from patchwidgets.engine.path_wave import carried
from patchwidgets.engine.replay import Replay
from patchwidgets.models.records import Record
from patchwidgets.plans.plan import Form


def travel(
    form: Form,
    replay: Replay,
    source: Record,
    routes: Sequence[Route],
    check: Callable[[], None],
) -> Float[Tensor, "rows d_model"]:
    """Return the end of the residual stream, where it is read, for every cell.

    A change travels once, however many receivers it has: cells with the same sender and stops on
    the way differ only in where they land.

    Args:
        form: Which nodes are frozen on the way.
        replay: The blocks, and the base run.
        source: The run whose values the senders take.
        routes: The cells' ways, sorted by `order` of their senders.
        check: Called before every block; raises to stop.
    """
    return land(replay, landings_of(form, replay, source, routes, check), check)


def landings_of(
    form: Form,
    replay: Replay,
    source: Record,
    routes: Sequence[Route],
    check: Callable[[], None],
) -> list[Landing]:
    """Return where changes land that have travelled; arguments are those of `travel`."""
    landings: list[Landing] = []
    for journey in _apart(routes, lambda route: _journey(form, route)):
        landings += _landings(form, replay, source, routes, journey, check)
    return landings


def _journey(form: Form, route: Route) -> Hashable:
    """Return what routes that travel together have in common.

    Where one receiver's change reaches the next one live, every set of receivers is by itself.
    """
    live = form == "direct" and len(route.receivers) > 1
    return route.way, route.receivers if live else None


def _landings(
    form: Form,
    replay: Replay,
    source: Record,
    routes: Sequence[Route],
    journey: Sequence[int],
    check: Callable[[], None],
) -> list[Landing]:
    """Return where the changes of some routes land that have the same stops on the way."""
    arrive = carried if form == "pinned" else added
    senders = list(dict.fromkeys(routes[place].sender for place in journey))
    traveller = {sender: index for index, sender in enumerate(senders)}
    leg: Leg = Senders(replay, source, senders)
    for stop in routes[journey[0]].way:
        leg = Stopover(replay, arrive(replay, leg, stop, check), len(senders))
    sets = _apart([routes[place] for place in journey], lambda route: route.receivers)
    places = [[journey[index] for index in some] for some in sets]
    receivers = [routes[some[0]].receivers for some in places]
    if form == "direct" and len(receivers[0]) > 1:
        return [Landing(receivers[0], places[0], AddedLive(replay, leg, receivers[0], check))]
    every = list(dict.fromkeys(one for some in receivers for one in some))
    arrived = arrive(replay, leg, every, check)
    return [
        Landing(
            them, some, _Told(replay, arrived, them, [traveller[routes[p].sender] for p in some])
        )
        for them, some in zip(receivers, places, strict=True)
    ]


def _apart(routes: Iterable[Route], key: Callable[[Route], Hashable]) -> list[list[int]]:
    """Return the places of the routes with the same key, key by key as they come."""
    found: dict[Hashable, list[int]] = {}
    for place, route in enumerate(routes):
        found.setdefault(key(route), []).append(place)
    return list(found.values())


class _Told:
    """What one set of receivers is let know, for some of those that travelled.

    Args:
        replay: Gives prompts per cell.
        arrived: What all receivers are let know of everybody that travelled.
        receivers: The set.
        travellers: Whose changes, by their place among those that travelled; in order.
    """

    def __init__(
        self,
        replay: Replay,
        arrived: Arrived,
        receivers: Sequence[Receiver],
        travellers: Sequence[int],
    ) -> None:
        self._arrived = {
            one: _rows_of(arrived[one], travellers, replay.batch)
            for one in receivers
            if one in arrived
        }

    def __call__(self, layer: int, _: Tensor) -> Arrived:
        """Return what receivers of one block are let know."""
        return {one: values for one, values in self._arrived.items() if one.layer == layer}


def _rows_of(values: Tensor, travellers: Sequence[int], batch: int) -> Tensor:
    """Return the rows of some travellers; of those that reach the receiver, who come first."""
    reached = [one for one in travellers if one < len(values) // batch]
    if reached == list(range(len(reached))):
        return values[: len(reached) * batch]
    return values.unflatten(0, (-1, batch))[reached].flatten(0, 1)
