"""Calls single blocks again, on many patched copies of the end of each recorded prompt."""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import Any, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.plain_norms import plain_norms
from patchwidgets.errors import MeasurementError
from patchwidgets.models.bridge import Hook, LensModel
from patchwidgets.models.records import CACHE, BlockCall, Record, same_everywhere


class Replay:
    """The blocks of a model, called as the base run called them, from one position on.

    Rows are cells x prompts, prompts fastest. Positions before `start` are the same in every cell,
    so their keys and values are those of the base run. A model that keeps no keys and values is
    called on whole prompts.

    Args:
        model: The model.
        base: The recorded base run.
        start: First position that any cell changes.
    """

    def __init__(self, model: LensModel, base: Record, start: int) -> None:
        self.model = model
        self.base = base
        self.start = start if base.keys else 0
        self._call = lru_cache(maxsize=None)(self._fitted_call)

    @property
    def batch(self) -> int:
        """Prompts per cell."""
        return self.base.tokens.shape[0]

    def residual(self, layer: int, cells: int) -> Float[Tensor, "rows suffix d_model"]:
        """Return fresh copies of the base residual stream before a block, one per cell."""
        return self.base.residual[layer][:, self.start :].repeat(cells, 1, 1)

    def block(
        self,
        layer: int,
        hidden: Float[Tensor, "rows suffix d_model"],
        hooks: list[tuple[str, Hook]] | None = None,
    ) -> Float[Tensor, "rows suffix d_model"]:
        """Return what block `layer` makes of `hidden`, with `hooks` attached for the call."""
        return self._block(layer, hidden, hooks or [], self._prefix(layer))

    def read_off(
        self, stream: Float[Tensor, "rows suffix d_model"]
    ) -> Float[Tensor, "more_rows d_model"]:
        """Return the positions of a stream that are read, as rows of their own, next to each other.

        There is one, the last, unless answers have several tokens.
        """
        return stream[:, -self.base.read :].flatten(0, 1)

    def end(
        self, hidden: Float[Tensor, "rows suffix d_model"]
    ) -> Float[Tensor, "more_rows d_model"]:
        """Return what the last block makes of `hidden` at the positions that are read.

        Its keys and values are computed at every position, the rest of it only at those.

        Raises:
            MeasurementError: The block gave no keys and values to its cache.
        """
        layer = len(self.base.calls) - 1
        prefix = self._prefix(layer)
        read = self.base.read
        if prefix is None or hidden.shape[1] <= read:
            return self.read_off(self.block(layer, hidden))
        given = _Given(prefix)
        with suppress(_AllGiven):  # our own signal to stop there
            self._block(layer, hidden, [], given)
        cache = given.of_all_positions(read)
        return self.read_off(self._last._block(layer, hidden[:, -read:], [], cache))

    @cached_property
    def _last(self) -> "Replay":
        return Replay(self.model, self.base, self.base.length - self.base.read)

    def _block(
        self,
        layer: int,
        hidden: Float[Tensor, "rows suffix d_model"],
        hooks: list[tuple[str, Hook]],
        cache: "_Cache | None",
    ) -> Float[Tensor, "rows suffix d_model"]:
        call = self._call(layer)
        cells = hidden.shape[0] // self.batch
        fit = _Repeat(cells, self.batch, cache)
        args = tuple(fit(argument) for argument in call.args)
        kwargs = {name: fit(argument) for name, argument in call.kwargs.items()}
        if args:
            args = (hidden, *args[1:])
        else:
            kwargs["hidden_states"] = hidden
        with self.model.hooked(hooks), plain_norms(self.model, layer):
            output = self.model.blocks()[layer](*args, **kwargs)
        return output[0] if isinstance(output, tuple) else output

    def _prefix(self, layer: int) -> "_PrefixCache | None":
        if not self.base.keys:
            return None
        keys, values = self.base.keys[layer], self.base.values[layer]
        return _PrefixCache(keys[:, :, : self.start], values[:, :, : self.start])

    def _fitted_call(self, layer: int) -> BlockCall:
        """Return the recorded call with every position axis cut to the suffix."""
        call = self.base.calls[layer]
        cut = _cutter(self.base.length, self.start)
        return BlockCall(
            args=tuple(cut("", argument) for argument in call.args),
            kwargs={name: cut(name, argument) for name, argument in call.kwargs.items()},
        )


class _Repeat:
    """Gives an argument of the recorded call as many rows as there are cells."""

    def __init__(self, cells: int, batch: int, cache: "_Cache | None") -> None:
        self.cells = cells
        self.batch = batch
        self.cache = cache

    def __call__(self, argument: Any) -> Any:
        if argument is CACHE:
            return self.cache
        if isinstance(argument, tuple):
            return tuple(self(item) for item in argument)
        if isinstance(argument, Tensor) and argument.ndim > 1 and argument.shape[0] != 1:
            return argument.repeat(self.cells, *[1] * (argument.ndim - 1))
        return argument


class _Cache(Protocol):
    """What a block is given as its key/value cache."""

    def update(self, keys: Tensor, values: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Return the keys and values of all positions, given those of the block's own."""
        ...

    def get_seq_length(self, *_: Any) -> int:
        """Return the number of positions before the block's own."""
        ...


class _PrefixCache:
    """A key/value cache that holds the base run's prefix and forgets what it is given."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        self.keys = keys
        self.values = values

    def update(self, keys: Tensor, values: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Return the prefix followed by the new keys and values, for every cell.

        As in Transformers' own cache, values are as wide as keys: where rotary positions made
        keys float32 in a model of half precision, attention multiplies float32 values.
        """
        wide = values.to(torch.promote_types(values.dtype, keys.dtype))
        return self._extend(self.keys, keys), self._extend(self.values, wide)

    def get_seq_length(self, *_: Any) -> int:
        """Return the length of the prefix."""
        return self.keys.shape[2]

    @staticmethod
    def _extend(prefix: Tensor, new: Tensor) -> Tensor:
        if prefix.shape[2] == 0:
            return new
        cells = new.shape[0] // prefix.shape[0]
        shared = prefix.expand(cells, *prefix.shape)
        return torch.cat([shared, new.view(cells, -1, *new.shape[1:])], dim=3).flatten(0, 1)


class _AllGiven(Exception):  # noqa: N818 - ends a block, is no error
    """The keys and values are there, so the rest of the block is not needed."""


class _Given:
    """Keeps the keys and values of all positions and ends the block."""

    def __init__(self, prefix: _PrefixCache) -> None:
        self._prefix = prefix
        self._whole: tuple[Tensor, Tensor] | None = None

    def update(self, keys: Tensor, values: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Keep them."""
        self._whole = self._prefix.update(keys, values)
        raise _AllGiven

    def get_seq_length(self, *_: Any) -> int:
        """Return the length of the prefix."""
        return self._prefix.get_seq_length()

    def of_all_positions(self, read: int) -> "_WholeCache":
        """Return a cache that has them all already, for a block called on the last `read`.

        Raises:
            MeasurementError: The block ended without giving them.
        """
        if self._whole is None:
            raise MeasurementError(
                "The last block gave no keys and values to its cache when it was called again, "
                "although it did in the first run. No number is returned. Measure with "
                "`executor='reference'`, and please report the model."
            )
        return _WholeCache(*self._whole, read)


class _WholeCache:
    """A cache of every position, for a block that is called on the last ones."""

    def __init__(self, keys: Tensor, values: Tensor, read: int) -> None:
        self._keys = keys
        self._values = values
        self._read = read

    def update(self, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Return them all; those of the last positions are among them."""
        return self._keys, self._values

    def get_seq_length(self, *_: Any) -> int:
        """Return the number of positions before the last ones."""
        return self._keys.shape[2] - self._read


def _cutter(length: int, start: int) -> Callable[[str, Any], Any]:
    """Return a function that cuts the query positions of one argument to the suffix."""

    def cut(name: str, argument: Any) -> Any:
        if isinstance(argument, tuple | list):
            return tuple(cut(name, item) for item in argument)
        if not isinstance(argument, Tensor):
            return argument
        if argument.ndim == 4 and argument.shape[2] == length:
            argument = argument[:, :, start:]
        elif argument.ndim == 3 and argument.shape[1] == length:
            argument = argument[:, start:]
        elif "position" in name and argument.shape[-1] == length:
            argument = argument[..., start:]
        return argument[:1] if argument.ndim > 1 and same_everywhere(argument) else argument

    return cut
