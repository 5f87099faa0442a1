"""What one cell of a map does: to every prompt pair, and to what heads attend to."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import xarray as xr

from patchwidgets.engine.measured_prompts import measured_prompts
from patchwidgets.engine.patterns import patterns
from patchwidgets.engine.session import Session
from patchwidgets.errors import PatchwidgetsError, PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, parse_node
from patchwidgets.opening import shape_of
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.single import single
from patchwidgets.results.result import Result
from patchwidgets.views._attention import attention
from patchwidgets.views._keys import key_of
from patchwidgets.views._prompt_effects import find_patch, prompt_effects
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views.detail import BUSY, Detail

if TYPE_CHECKING:
    from patchwidgets.widgets.attention import LiveAttention
    from patchwidgets.widgets.prompts import PromptsWidget

MOST_HEADS = 4
"""Heads of one cell whose patterns are shown; more where one key is read by more query heads."""


class Detailing:
    """A study that is looked at closely: one head, one pair."""

    _session: Session
    _code: str

    def patterns(
        self,
        head: str | Node,
        prompt: int | Sequence[int] | None = 0,
        under: str | Node | None = None,
        *,
        form: str = "pinned",
    ) -> xr.DataArray:
        """Return what one head attends to: on both unpatched runs, and under a patch.

        Args:
            head: A head, such as `"L20H0"`.
            prompt: Which prompt pair; several of one length for their mean; all if `None`.
            under: A node such as `"L17H4"`, or a path such as `"L17H4 -> L20H0.k"`, under whose
                patch a third run is made. Where it comes after the pattern, so that it cannot
                change it, there is no third run, and `attrs["note"]` says so.
            form: Of a path; as in `path`.

        Returns:
            `run` (clean, corrupted, patched), `destination`, `source`: the share of its attention,
            0 = none, 1 = all. Tokens and roles are coordinates.

        Raises:
            PlanError: A head, a pair or a patch that does not exist, or pairs of several lengths.
            UnknownNameError: There is no such form or site.
            ModelError: The model has no attention pattern.
        """
        session = self._session
        if prompt is None:
            pairs = list(range(len(session.prompts.pairs)))
        else:
            pairs = [prompt] if isinstance(prompt, int) else list(prompt)
        if not pairs:
            raise PlanError(
                "`prompt` is an empty list, so there is no pattern. Give a pair, such as "
                "`prompt=0`, several, or `None` for the mean of all."
            )
        plan = None
        if under is not None:
            plan = single(session.model.spec, shape_of(session.prompts), under, form)
        (found,) = patterns(session, [parse_node(head)], pairs, plan)
        return found

    def attention_view(
        self,
        head: str | Node,
        prompt: int | Sequence[int] | None = 0,
        under: str | Node | None = None,
        *,
        form: str = "pinned",
    ) -> "LiveAttention":
        """Return `patterns` as a view: bars of one token, or maps of all.

        Its widget's traits are `selection` (the head), `prompt` and `destination`: linked with
        those of another widget, it shows what is selected there.

        Raises:
            PlanError: As in `patterns`.
        """
        from patchwidgets.widgets.attention import LiveAttention

        asked = {} if under is None else {"under": str(under), "form": form}
        given = "".join(f", {name}={value!r}" for name, value in asked.items())

        def measured(node: str, pair: int | Sequence[int] | None) -> Any:
            block = ArrayBlock()
            heads = _heads_of(self._session.model.spec, parse_node(node))
            node = str(heads[0]) if heads else node
            code = f"{self._code}\npattern = study.patterns({node!r}, prompt={pair!r}{given})"
            found = self.patterns(node, pair, under, form=form)
            header = attention(found, measured_prompts(self._session), block, code)
            return header, block.to_bytes()

        return LiveAttention(measured, str(parse_node(head)), prompt)

    def detail(
        self, result: Result, node: str, prompt: int = 0, *, wait: bool = True
    ) -> tuple[Detail, bytes]:
        """Return what there is to know of one cell of a map of this study, with its arrays.

        Args:
            result: The map, as far as it is measured.
            node: Written name of the cell.
            prompt: The pair on which attention patterns are measured.
            wait: Whether to wait for what else is measured; otherwise there are no patterns while
                something is, and `note` says so.

        Raises:
            MeasurementError: The map has no such cell.
        """
        block = ArrayBlock()
        found = detail(result, self._session, node, prompt, block, wait=wait)
        return found, block.to_bytes()

    def prompts_view(self) -> "PromptsWidget":
        """Return the prompt pairs token by token, one at a time.

        Which one is shown is the trait `prompt`, which another widget can be linked with.
        """
        from patchwidgets.widgets.prompts import prompts_widget

        return prompts_widget(measured_prompts(self._session), self._code)


def detail(
    result: Result,
    session: Session,
    node: str,
    prompt: int,
    block: ArrayBlock,
    *,
    wait: bool = True,
) -> Detail:
    """Return everything that is shown of one cell of a map, measuring its patterns on one pair.

    The answer to a click: effects are read off the result, and for a pattern the blocks between
    patch and head are called on one prompt. On SmolLM2, 8 IOI pairs: 0.11 s of one core's time for
    a head, 0.15 s for a path, most of it to make sure that the weights are still the same.

    Args:
        result: The map, as far as it is measured.
        session: The model and the prompts it was measured on.
        node: Written name of the cell.
        prompt: The pair on which the patterns are.
        block: Takes the arrays.
        wait: Whether to wait for what else is measured on the model; otherwise there are no
            patterns while it is, and `note` says so.

    Raises:
        MeasurementError: The map has no such cell.
    """
    effects = prompt_effects(result, node, block, alone=False)
    heads, under, note = _looked_at(result, session.model.spec, node)
    found: list[xr.DataArray] = []
    if heads and not wait and session.model.busy:
        note = BUSY
    elif heads:
        try:
            found = patterns(session, heads, [prompt], under)
        except PatchwidgetsError as problem:
            note = str(problem)
    about = result.provenance.get("prompts", []) or measured_prompts(session)
    return Detail(
        map=key_of(result),
        node=node,
        prompt=prompt,
        effects=effects,
        patterns=[attention(one, about, block) for one in found],
        note=note,
    )


def _looked_at(result: Result, spec: ModelSpec, node: str) -> tuple[list[Node], Plan | None, str]:
    """Return the heads a cell is about, the patch they are looked at under, or why there is none.

    Of a path: the heads that receive, then the head that sends.
    """
    index = find_patch(result, node)
    if index is None:
        return [], None, f"`{node}` cannot reach the receiver, so nothing is patched."
    patch = result.plan.patches[index]
    path = patch.path
    nodes = patch.nodes if path is None else (*path.receivers, path.sender)
    heads = list(dict.fromkeys(head for one in nodes for head in _heads_of(spec, one)))
    if not heads:
        return [], None, f"`{node}` is no attention head, so it has no attention pattern."
    positioned = result.plan.buckets is not None
    if result.provenance.get("source", "other") != "other" or positioned:
        return heads[:MOST_HEADS], None, ""
    return heads[:MOST_HEADS], Plan("single", (patch,), (), result.plan.form), ""


def _heads_of(spec: ModelSpec, node: Node) -> list[Node]:
    """Return the heads that a node is of: itself, or all query heads that read a key or value."""
    if node.head is None or node.layer is None:
        return []
    if node.site not in ("k", "v"):
        return [Node("z", node.layer, node.head)]
    each = spec.heads_per_kv_head
    return [Node("z", node.layer, node.head * each + one) for one in range(each)]
