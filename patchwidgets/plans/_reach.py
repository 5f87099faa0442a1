"""Which senders can reach which receivers: by layer, and by position."""

import sys
from dataclasses import dataclass

from patchwidgets.nodes import Node, Path
from patchwidgets.plans.shape import PromptShape

END = sys.maxsize


def comes_before(sender: tuple[str, int], receiver: tuple[str, int], *, parallel: bool) -> bool:
    """Whether what a sender writes is in the residual stream that a receiver reads.

    Args:
        sender: Site and block of what writes; `resid_pre` is the stream itself.
        receiver: Site and block of what reads: `resid_pre`, `q`, `k`, `v` or `mlp_in`.
        parallel: Whether a block's MLP reads the same stream as its attention.
    """
    (writes, at), (reads, block) = sender, receiver
    if at != block or writes == "resid_pre":
        return at <= block
    return reads == "mlp_in" and writes != "mlp_out" and not parallel


def sends(node: Node) -> tuple[str, int]:
    """Return site and block at which a node writes to the residual stream.

    The query, key or value of a head writes where the head does.
    """
    if node.site == "embed":
        return "resid_pre", 0
    assert node.layer is not None
    return writes_at(node.site), node.layer


def writes_at(site: str) -> str:
    """Return the site at which a change of `site` is written to the residual stream.

    What an MLP reads, and its neurons, write where the MLP does.
    """
    return "mlp_out" if site in ("mlp_in", "mlp_post") else site


def reads(node: Node, n_layers: int) -> tuple[str, int]:
    """Return site and block at which a node reads the residual stream."""
    if node.layer is None:
        return "resid_pre", n_layers
    return ("resid_pre", node.layer + 1) if node.site == "resid_post" else (node.site, node.layer)


@dataclass(frozen=True)
class Reach:
    """Which paths lead anywhere on one model and some prompts.

    Args:
        n_layers: Blocks of the model.
        parallel: Whether a block's MLP reads the same stream as its attention.
        shape: The prompts, if positions matter.
    """

    n_layers: int
    parallel: bool
    shape: PromptShape | None

    def __call__(self, path: Path) -> bool:
        """Whether a sender's change can arrive at a receiver, on any prompt."""
        writers, spans = [path.sender], [self._spans(path.sender)]
        for stop in path.stops:
            arriving = [
                (node, span)
                for node in stop
                for writer, sent in zip(writers, spans, strict=True)
                if self.layers(writer, node)
                for span in [_both(sent, self._spans(node))]
                if span
            ]
            writers = [node for node, _ in arriving]
            spans = [_spread(node, span) for node, span in arriving]
        return bool(writers)

    def layers(self, sender: Node, receiver: Node) -> bool:
        """Whether a sender's layer comes before a receiver's."""
        there = reads(receiver, self.n_layers)
        return comes_before(sends(sender), there, parallel=self.parallel)

    def _spans(self, node: Node) -> "Spans":
        """Return the first and last position of a node, per prompt; all of them if not known."""
        at = node.position
        lengths = self.shape.lengths if self.shape else ()
        if node.site == "logits":
            at = lengths[0] - 1 if len(lengths) == 1 else "END"
        places = self.shape.places if self.shape else {}
        prompts = len(next(iter(places.values()), (0,)))
        if isinstance(at, int):
            return dict.fromkeys(range(prompts), (at, at))
        if at is None or at not in places:
            return dict.fromkeys(range(prompts), (0, END))
        return {prompt: (place, place) for prompt, place in enumerate(places[at])}


Spans = dict[int, tuple[int, int]]
"""By prompt, the first and last position at which something may be changed."""


def _both(one: Spans, other: Spans) -> Spans:
    met = {p: (max(one[p][0], other[p][0]), min(one[p][1], other[p][1])) for p in one}
    return {prompt: (first, last) for prompt, (first, last) in met.items() if first <= last}


def _spread(node: Node, spans: Spans) -> Spans:
    """Return where what a node writes can change: a key or value is attended to from later on."""
    if node.site not in ("k", "v"):
        return spans
    return {prompt: (first, END) for prompt, (first, _) in spans.items()}
