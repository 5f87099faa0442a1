"""Buckets: columns of a map that are several positions of a prompt, each patched by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from patchwidgets.errors import PlanError
from patchwidgets.plans.shape import PromptShape
from patchwidgets.registry import unknown_name

ASKED = "buckets"
"""What `positions` is where all buckets of the prompts' span are asked for."""


@dataclass(frozen=True)
class Buckets:
    """Which positions each prompt pair has in each bucket.

    A patch at a bucket stands for one patch at each of its positions; its effect on a prompt is
    the mean of theirs.

    Args:
        names: One per bucket, as in the written names of nodes.
        places: By bucket and pair the positions, BOS counted; none where the pair lacks it.
    """

    names: tuple[str, ...]
    places: tuple[tuple[tuple[int, ...], ...], ...]

    def of(self, name: str) -> tuple[tuple[int, ...], ...]:
        """Return the positions of every pair in a bucket."""
        return self.places[self.names.index(name)]

    def positions(self, name: str) -> list[int]:
        """Return the positions that some pair has in a bucket."""
        return sorted({position for places in self.of(name) for position in places})

    def counts(self) -> dict[str, int]:
        """Return how many prompt pairs have each bucket."""
        return {name: sum(map(bool, self.of(name))) for name in self.names}

    def to_json(self) -> dict[str, Any]:
        """Return the buckets as plain lists."""
        return {
            "names": list(self.names),
            "places": [[list(one) for one in bucket] for bucket in self.places],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Buckets":
        """Return the buckets that `to_json` wrote."""
        places = tuple(tuple(map(tuple, bucket)) for bucket in data["places"])
        return cls(tuple(data["names"]), places)


def asks_for_buckets(shape: PromptShape, positions: Sequence[int | str] | str | None) -> bool:
    """Whether `positions` names buckets, and not positions or roles that all prompts have.

    Raises:
        PlanError: It is no list of anything.
    """
    if positions is not None and not isinstance(positions, Iterable):
        raise PlanError(
            f"`positions={positions!r}` is no list. Positions are token positions or roles, each "
            f"patched by itself. Write `positions=[{positions!r}]`, `'each'` or `'roles'`."
        )
    if isinstance(positions, str):
        return positions.split(":")[0] == ASKED
    known = {name for buckets in shape.buckets.values() for name in buckets}
    return any(place in known and place not in shape.roles for place in positions or ())


def chosen_buckets(shape: PromptShape, positions: Sequence[int | str] | str) -> Buckets:
    """Return the buckets that `positions` names.

    Args:
        shape: The prompts' spans.
        positions: `buckets`, `buckets:subject` where the prompts have several spans, or a list of
            the names of buckets.

    Raises:
        PlanError: The prompts have no span, or several and none is named; a bucket that no prompt
            has, or a list of buckets and of something else.
        UnknownNameError: They have no span of that name.
    """
    if not shape.buckets:
        raise _no_span(shape)
    if isinstance(positions, str):
        span = _span(shape, positions)
        found = {name: at for name, at in shape.buckets[span].items() if any(at)}
        return Buckets(tuple(found), tuple(found.values()))
    known = {name: at for buckets in shape.buckets.values() for name, at in buckets.items()}
    for place in positions:
        if place not in known:
            listed = ", ".join(f"`{name}`" for name in known)
            raise PlanError(
                f"{place!r} is not a bucket, and {_first(positions, known)!r} is one. A map is by "
                f"bucket or by single positions. Use buckets only: {listed}."
            )
        if not any(known[str(place)]):
            some = ", ".join(f"`{name}`" for name, at in known.items() if any(at))
            raise PlanError(
                f"No prompt has a token in the bucket `{place}`, so there is nothing to patch in "
                f"it. Buckets that some prompts have: {some}."
            )
    names = tuple(dict.fromkeys(map(str, positions)))
    return Buckets(names, tuple(known[name] for name in names))


def _span(shape: PromptShape, positions: str) -> str:
    known = list(shape.buckets)
    _, colon, name = positions.partition(":")
    if colon and name not in known:
        raise unknown_name("span", name, known)
    if not colon and len(known) > 1:
        listed = ", ".join(f"`{span}`" for span in known)
        raise PlanError(
            f"The prompts have {len(known)} spans: {listed}. Buckets are the parts of one of them "
            f"and what follows it. Name it, as in `positions='{ASKED}:{known[0]}'`."
        )
    return name or known[0]


def _no_span(shape: PromptShape) -> PlanError:
    roles = ", ".join(f"`{role}`" for role in shape.roles)
    return PlanError(
        "The prompts have no span, that is no role of several tokens that every pair has (their "
        f"roles: {roles}). Buckets are the first, middle and last tokens of a span and what "
        "follows it. Use `positions='roles'`, or mark a span in your own prompt pairs by its text, "
        "as in `roles={'subject': 'Eiffel Tower'}`."
    )


def _first(positions: Sequence[int | str], known: dict[str, Any]) -> int | str:
    return next(place for place in positions if place in known)


def refuse_buckets(shape: PromptShape, positions: Sequence[int | str] | str | None) -> None:
    """Check that `positions` names no bucket, for plans that are not measured by bucket.

    Raises:
        PlanError: It does.
    """
    if asks_for_buckets(shape, positions):
        raise PlanError(
            f"`positions={positions!r}` asks for buckets, which are several positions each, and "
            "this map takes one position of every prompt at a time. Use `positions='roles'`, or "
            "one of the sweeps by bucket: `mlp`, `attn`, `residual` or `heads`."
        )
