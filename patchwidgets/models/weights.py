"""All weights of a model, wherever they lie, and what tells them from others."""

import hashlib
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from accelerate.utils import align_module_device
from torch import Tensor


def weights(model: torch.nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield name and numbers of every weight, also of those that Accelerate keeps elsewhere.

    Same names and order as `named_parameters`; a weight with two names has its first one.
    """
    seen: set[int] = set()
    for prefix, module in model.named_modules():
        own = {name: id(each) for name, each in module.named_parameters(prefix, recurse=False)}
        fresh = [name for name, weight in own.items() if weight not in seen]
        seen |= set(own.values())
        if fresh:
            with align_module_device(module):
                there = dict(module.named_parameters(prefix, recurse=False))
                yield from ((name, there[name]) for name in fresh)


def fingerprint(model: torch.nn.Module) -> str:
    """Return a short hash of the names and all numbers of the weights, on all cores."""
    digest, threads = hashlib.sha256(), torch.get_num_threads()
    pending: deque[Future[str]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for name, weight in weights(model):
            if len(pending) > 2 * threads:  # a weight kept elsewhere is in memory until it is read
                digest.update(pending.popleft().result().encode())
            pending.append(_begun(pool, name, weight.detach()))
        for one in pending:
            digest.update(one.result().encode())
    return digest.hexdigest()[:16]


def _begun(pool: ThreadPoolExecutor, name: str, weight: Tensor) -> Future[str]:
    try:
        return pool.submit(_written, name, weight)
    except RuntimeError:  # Python is ending, and what measures has not heard of it yet
        here: Future[str] = Future()
        here.set_result(_written(name, weight))
        return here


def _written(name: str, weight: Tensor) -> str:
    raw = weight.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
    return f"{name}{tuple(weight.shape)}{zlib.crc32(raw)}"
