"""The forward question of a study: where does a node write to?"""

from collections.abc import Callable, Sequence
from typing import Any

from patchwidgets.engine.session import Session
from patchwidgets.engine.sources._chosen import chosen_source
from patchwidgets.engine.sources._source import Source
from patchwidgets.nodes import Node
from patchwidgets.opening import shape_of, written_source
from patchwidgets.plans._grid import Positions
from patchwidgets.plans.paths_from import paths_from_plan, written_options
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.results.result import Result


class Sending:
    """A study that asks where a node writes to."""

    _session: Session
    _start: Callable[..., Result]

    def paths_from(
        self,
        sender: str | Node,
        *,
        receivers: Sequence[str] | None = None,
        positions: Positions = None,
        form: str = "pinned",
        source: str | Source = "other",
        reference: PromptPairs | None = None,
        seed: int | None = None,
        verify: int = 0,
        client: Any = None,
    ) -> Result:
        """Patch the path from one sender into every receiver, each by itself; returns at once.

        The question of `path` the other way round, with the same numbers: the cell of a receiver
        is what `study.path(receivers=[it])` says of this sender. The sender's change travels once
        for all receivers, so that a map takes about as long as a sweep of all heads.

        Source: Wang et al. 2022 (arXiv 2211.00593), appendix B, in either direction.

        Args:
            sender: `L20H0`, `L20.mlp_out`, `L20.attn_out`, neurons such as `L20.mlp_post[7]`, or
                `embed`, with a position, such as `L20H0@S2`, or at all of them. With stops on the
                way, such as `L17H4 -> L20H0.k`: where L20H0 writes because of what L17H4 lets its
                key know.
            receivers: Kinds of receivers, each a map of its own: `q`, `k`, `v` (of key/value heads
                the latter two), `mlp_in`, `logits`; all if `None`.
            positions: `None` lets all positions of a receiver know together; `"each"`, `"roles"`
                or a list of positions or roles lets each know by itself.
            form: As in `path`.
            source: What the sender writes; as in `sweep`.
            reference: As in `sweep`.
            seed: As in `sweep`.
            verify: How many stored cells to measure again; as in `sweep`.
            client: A Dask client whose workers measure; as in `sweep`.

        Returns:
            A result with the maps `q`, `k`, `v`, `mlp_in` and `logits`, whose cells are NaN where
            the sender cannot reach the receiver.

        Raises:
            UnknownNameError: A form, a source or a kind of receiver that does not exist.
            PlanError: A sender or a position that does not exist, a node that cannot send, stops
                that go backwards, or nothing that the sender reaches; and as in `sweep`.
            PromptError: As in `sweep`.
        """
        chosen = chosen_source(source, reference, seed)
        asked: dict[str, Any] = {"receivers": receivers, "positions": positions}
        session = self._session
        plan = paths_from_plan(session.model.spec, sender, form, shape_of(session.prompts), **asked)
        given = written_options(plan, receivers, positions)
        given += written_source(source, chosen, seed, reference)
        return self._start(plan, f"study.paths_from({given})", chosen, verify, None, client)
