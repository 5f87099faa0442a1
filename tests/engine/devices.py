"""Pretended devices: CPU tensors that may not be mixed, as tensors of two GPUs may not.

There is one processor here, so this stands in for several: it finds a sum of tensors from two
devices, which CUDA would refuse, and nothing about speed, memory or CUDA's own numbers.
"""

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten
from torch.utils.weak import WeakIdKeyDictionary

CPU = torch.device("cpu")
MAY_MIX = {"copy_", "grad"}
"""Takes tensors from several devices, as it does with CUDA's."""


def device(index: int) -> torch.device:
    """Return a pretended device; `mps`, because transformers asks nothing more of that kind."""
    return torch.device("mps", index)


class Devices(TorchFunctionMode):
    """While it is entered, in this thread, tensors stay on the device they were put on."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[torch.device] = set()
        self._at = WeakIdKeyDictionary()

    def put(self, tensor: Tensor, where: torch.device) -> Tensor:
        """Say on which device a tensor is."""
        self._at[tensor] = where
        self.seen.add(where)
        return tensor

    def _place(self, tensor: Tensor) -> torch.device:
        place: torch.device = self._at.get(tensor) or CPU
        return place

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func == Tensor.device.__get__:
            return self._place(args[0])
        name = getattr(func, "__name__", "")
        if name in ("to", "cpu"):
            return self._moved(name, func, args, kwargs)
        asked = kwargs.pop("device", None)
        inputs = [leaf for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, Tensor)]
        anywhere = {self._place(each) for each in inputs}
        places = {self._place(each) for each in inputs if counts(each)}
        copies = name in MAY_MIX or (name == "__setitem__" and not has_tensor(args[1]))
        if len(places) > 1 and not copies:
            raise RuntimeError(f"{name}: tensors are on {sorted(map(str, places))}")
        if name == "numpy" and places - {CPU}:
            raise TypeError(f"cannot read {places} from Python")
        made = func(*args, **kwargs)
        if func is torch.autograd.grad:
            for gradient, of in zip(made, args[1], strict=True):
                self.put(gradient, self._place(of))
            return made
        where = next(iter(places or sorted(anywhere - {CPU}, key=str)), CPU)
        where = torch.device(asked) if asked is not None else where
        given = {id(each) for each in inputs}
        for leaf in tree_flatten(made)[0]:
            if isinstance(leaf, Tensor) and id(leaf) not in given:
                self.put(leaf, where)
        return made

    def _moved(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tensor, *rest = args
        kinds = (torch.device, str)
        given = [kwargs.pop("device", None), *rest]
        targets = [torch.device(one) for one in given if isinstance(one, kinds)]
        where = CPU if name == "cpu" else (targets or [self._place(tensor)])[0]
        rest = [one for one in rest if not isinstance(one, kinds)]
        made = tensor.to(*rest, **kwargs) if rest or "dtype" in kwargs else tensor
        if where == self._place(tensor):
            return made
        return self.put(made.clone() if made is tensor else made, where)


def has_tensor(index: object) -> bool:
    """Whether an index is more than slices, so that what it picks cannot be written by a copy."""
    return any(isinstance(leaf, Tensor) for leaf in tree_flatten(index)[0])


def counts(tensor: Tensor) -> bool:
    """Whether a tensor must be where the others are: indices and single numbers need not."""
    return tensor.is_floating_point() and tensor.ndim > 0
