"""mini: a small model that this package trains itself and brings along. MODEL_CARD.md says how."""

import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformer_lens.model_bridge import TransformerBridge
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from patchwidgets.errors import ModelError

NAME = "mini"
FOLDER = Path(__file__).parent / "model"
WEIGHTS, SIZES, SUMS = "model.safetensors", "config.json", "sha256.json"
TIED = {"lm_head.weight": "model.embed_tokens.weight"}


def load_mini(
    device: str | torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    folder: Path = FOLDER,
) -> TransformerBridge:
    """Return mini as a TransformerLens bridge, in evaluation mode.

    Args:
        device: Where to put it; TransformerLens chooses if `None`.
        dtype: Type of the weights, which are stored in 16 bits.
        folder: Where its files are.

    Raises:
        ModelError: Its files are missing or damaged.
    """
    _check(folder)
    model, tokenizer = hugging_face(folder)
    for weight in model.parameters():
        weight.data = weight.data.to(dtype)
    bridge = TransformerBridge.boot_transformers(
        NAME, hf_model=model, tokenizer=tokenizer, device=device
    )
    bridge.cfg.model_name = NAME
    return bridge


def hugging_face(folder: Path = FOLDER) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """Return model and tokenizer as Hugging Face has them, in 32 bits, without asking any hub."""
    config = LlamaConfig.from_dict(json.loads((folder / SIZES).read_text(encoding="utf-8")))
    with torch.random.fork_rng(devices=[]):
        model = LlamaForCausalLM(config).float()
    weights = load_file(folder / WEIGHTS)
    model.load_state_dict(weights | {name: weights[same] for name, same in TIED.items()})
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
    return model.eval(), tokenizer


def save_mini(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path = FOLDER
) -> None:
    """Write model and tokenizer as Hugging Face has them, in 16 bits, and the sums of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    halves = {
        name: weight.detach().half().contiguous()
        for name, weight in model.state_dict().items()
        if name not in TIED
    }
    save_file(halves, folder / WEIGHTS, metadata={"format": "pt"})
    sizes = model.config.to_dict() | {"dtype": "float16"}
    (folder / SIZES).write_text(json.dumps(sizes, indent=1) + "\n", encoding="utf-8")
    tokenizer.save_pretrained(folder)
    found = {path.name: _sum(path) for path in sorted(folder.iterdir()) if path.name != SUMS}
    (folder / SUMS).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _check(folder: Path) -> None:
    """Check that all files are there, byte for byte.

    Raises:
        ModelError: They are not.
    """
    try:
        expected = json.loads((folder / SUMS).read_text(encoding="utf-8"))
        wrong = [name for name, digest in expected.items() if _sum(folder / name) != digest]
    except OSError as problem:
        name = Path(str(problem.filename)).name
        raise _reinstall(f"`{name}` cannot be read ({problem.strerror})") from problem
    except ValueError as problem:
        raise _reinstall(f"`{SUMS}` is damaged") from problem
    if wrong:
        raise _reinstall(f"`{wrong[0]}` is damaged")


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _reinstall(what: str) -> ModelError:
    return ModelError(
        f"`{NAME}` comes with this package as files in `patchwidgets/models/mini/model`, and "
        f"{what}. Every number would be that of another model, so none is loaded. Type `pip "
        "install --force-reinstall --no-deps patchwidgets`, or use `smollm2-135m`."
    )
