"""How much memory cells take while they are measured, and what to do when there is none left."""

import re
from collections.abc import Sequence

import torch

from patchwidgets.errors import MemoryBudgetError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.prompts.tokens import TokenGroup

UNITS = {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}

READOUT_COPIES = 3
"""Copies of the logits, in float32 at least, while a metric reads the whole vocabulary."""


def parse_bytes(written: str | int | float) -> int:
    """Return the number of bytes that `2e9`, `"2 GB"` or `"512 MiB"` stand for.

    Raises:
        MemoryBudgetError: It is no amount of memory.
    """
    number, unit = written, "B"
    if isinstance(written, str):
        match = re.fullmatch(r"\s*([\d.]+)\s*([A-Za-z]*)\s*", written)
        number, unit = (match[1], match[2].upper() or "B") if match else ("", "")
    try:
        amount = float(number) * UNITS[unit]
    except (KeyError, ValueError):
        amount = 0.0
    if not 1 <= amount < float("inf"):
        raise MemoryBudgetError(
            f"{written!r} is not an amount of memory. Write a number of bytes, or text such as "
            "`'2 GB'` or `'512 MiB'`."
        )
    return int(amount)


def written_bytes(amount: int) -> str:
    """Return bytes as people write them, such as `1.5 GB`."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if amount >= size:
            return f"{amount / size:.3g} {unit}"
    return f"{amount} B"


def cell_bytes(
    spec: ModelSpec,
    itemsize: int,
    *,
    prompts: int,
    length: int,
    start: int,
    every_logit: bool,
    read: int = 1,
) -> int:
    """Return the most bytes that one cell takes at any moment of a wave.

    Counted, in the model's dtype: copies of the residual stream over the suffix (what a block is
    given and gives, its norm, its branches, a path's change), the wider of the MLP's hidden layers
    and of attention (queries, keys and values over the whole prompt, also repeated for every query
    head, and the attention pattern, once in float32), and the read-out. Not counted: the model, the
    two unpatched runs, and what torch keeps besides.

    Args:
        spec: The model's sizes.
        itemsize: Bytes per number.
        prompts: Prompts of the group.
        length: Tokens per prompt.
        start: First position the cell changes.
        every_logit: Whether a metric reads the whole vocabulary.
        read: Positions at the end that are read.
    """
    block = _block_bytes(spec, itemsize, length, length - start)
    readout = _readout_bytes(spec, itemsize, read) if every_logit else 0
    return prompts * max(block, readout)


def gradient_bytes(spec: ModelSpec, itemsize: int, *, length: int, read: int = 1) -> int:
    """Return about how many bytes one row of a group takes while gradients are computed through it.

    Counted: what every block keeps for the backward pass, as in `cell_bytes`; as much again for the
    places where gradients are taken (what is added there, the gradient, source minus base, and
    their product in float64); and the logits of every position with their gradient, which
    TransformerLens computes whole.

    Args:
        spec: The model's sizes.
        itemsize: Bytes per number.
        length: Tokens per row.
        read: Positions at the end that are read.
    """
    blocks = 2 * spec.n_layers * _block_bytes(spec, itemsize, length, length)
    logits = 2 * itemsize * length * spec.d_vocab
    return blocks + logits + _readout_bytes(spec, itemsize, read)


def _readout_bytes(spec: ModelSpec, itemsize: int, read: int) -> int:
    return READOUT_COPIES * max(4, itemsize) * spec.d_vocab * read


def _block_bytes(spec: ModelSpec, itemsize: int, length: int, suffix: int) -> int:
    """Return the bytes of one prompt in one block, run from a position on."""
    heads = spec.n_heads * spec.d_head
    residual = 6 * spec.d_model * suffix
    mlp = (3 if spec.gated_mlp else 2) * spec.d_mlp * suffix
    keys_values = 2 * (spec.n_heads + spec.n_kv_heads) * spec.d_head * length
    pattern = spec.n_heads * suffix * length
    attention = 3 * heads * suffix + keys_values + 2 * pattern
    return (residual + max(mlp, attention)) * itemsize + 4 * pattern


def require_room(
    budget: int,
    spec: ModelSpec,
    itemsize: int,
    groups: Sequence[TokenGroup],
    *,
    every_logit: bool,
) -> None:
    """Check that every cell of every group fits the budget by itself.

    Raises:
        MemoryBudgetError: One does not.
    """
    largest = max(
        cell_bytes(
            spec,
            itemsize,
            prompts=group.clean.shape[0],
            length=group.clean.shape[1],
            start=group.first_difference,
            every_logit=every_logit,
            read=group.read,
        )
        for group in groups
    )
    if largest > budget:
        raise budget_too_small(budget, largest)


def budget_too_small(budget: int, needed: int) -> MemoryBudgetError:
    """Return the error for a budget that holds no cell."""
    return MemoryBudgetError(
        f"`memory` allows {written_bytes(budget)}, but one cell on these prompts takes about "
        f"{written_bytes(needed)}: all prompts of one length are measured together. Allow at least "
        "that much, or give fewer prompt pairs."
    )


def budget_holds_no_gradient(budget: int, needed: int, length: int) -> MemoryBudgetError:
    """Return the error for a budget under which no prompt can be estimated."""
    return MemoryBudgetError(
        f"`memory` allows {written_bytes(budget)}, but the gradients of one prompt of {length} "
        f"tokens take about {written_bytes(needed)}: a backward pass needs what every block "
        "computed. Allow at least that much, or leave out `estimate` and measure."
    )


def is_out_of_memory(problem: BaseException) -> bool:
    """Whether an exception says that the machine or the device has no memory left."""
    if isinstance(problem, MemoryError | torch.OutOfMemoryError):
        return True
    words = ("not enough memory", "allocate memory", "out of memory")
    return isinstance(problem, RuntimeError) and any(word in str(problem) for word in words)


def release() -> None:
    """Give memory that torch keeps for later back to the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def one_cell_too_many(model: str, prompts: int, length: int) -> MemoryBudgetError:
    """Return the error for a single cell that found no memory."""
    return MemoryBudgetError(
        f"There is no memory left to measure even one cell of `{model}` on {prompts} prompts of "
        f"{length} tokens. Cells measured so far are kept. Give fewer prompt pairs, close what "
        "else uses memory, or load the model in half precision."
    )


def one_gradient_too_many(model: str, length: int) -> MemoryBudgetError:
    """Return the error for a single prompt whose gradients found no memory."""
    return MemoryBudgetError(
        f"There is no memory left for the gradients of `{model}` on even one prompt of {length} "
        "tokens: a backward pass needs what every block computed. Leave out `estimate` and "
        "measure, close what else uses memory, or load the model in half precision."
    )
