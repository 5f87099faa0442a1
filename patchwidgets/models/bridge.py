"""The one door to TransformerLens: sizes, tokens, whole runs, single blocks and read-out."""

import inspect
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property, partial
from typing import Any
from weakref import WeakKeyDictionary

import torch
from accelerate.utils import align_module_device
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.generalized_components.normalization import NormalizationBridge

from patchwidgets.errors import MeasurementError, ModelError
from patchwidgets.jobs import Job, Worker
from patchwidgets.models.spec import ModelSpec
from patchwidgets.models.turns import Turns
from patchwidgets.models.undisturbed import in_this_thread, is_ours, undisturbed
from patchwidgets.models.weights import fingerprint, weights
from patchwidgets.widening import widened

Hook = Callable[[Tensor], Tensor | None]
"""Gets an activation, may change it in place, may return a replacement."""


_turns: "WeakKeyDictionary[TransformerBridge, Turns]" = WeakKeyDictionary()
_turns_lock = threading.Lock()


class LensModel:
    """A TransformerLens bridge with the few operations patching needs.

    Args:
        bridge: The model; it is never changed.

    Raises:
        ModelError: The model cannot be patched: not causal, or without blocks of attention.
    """

    def __init__(self, bridge: TransformerBridge) -> None:
        self.bridge = bridge
        self.spec = _spec(bridge)
        with _turns_lock:
            self._turns = _turns.setdefault(bridge, Turns())

    @property
    def tokenizer(self) -> Any:
        """The model's Hugging Face tokenizer."""
        return self.bridge.tokenizer

    @property
    def default_prepend_bos(self) -> bool:
        """Whether TransformerLens puts a BOS token before a prompt of this model by default."""
        return bool(self.bridge.cfg.default_prepend_bos)

    @property
    def device(self) -> torch.device:
        """Where the embedding is computed, and so where tokens go and logits come back."""
        device = next(self.bridge.original_model.parameters()).device
        return self._first_device if device.type == "meta" else device

    @cached_property
    def _first_device(self) -> torch.device:
        """Where weights that are kept elsewhere come to be used."""
        return next(weights(self.bridge.original_model))[1].device

    @property
    def dtype(self) -> torch.dtype:
        """The floating-point type of the weights."""
        return next(self.bridge.original_model.parameters()).dtype

    @property
    def worker(self) -> Worker:
        """The thread in which this model's jobs run one after another."""
        return self._turns.worker

    def submit(self, job: Job) -> None:
        """Queue a job; it measures the model with the caller's hooks that are on it now."""
        self._turns.submit(self.bridge, job)

    @property
    def busy(self) -> bool:
        """Whether another thread measures on this model now."""
        return self._turns.taken

    def fingerprint(self) -> str:
        """Return a short hash of the names and all numbers of the weights, wherever they lie."""
        return fingerprint(self.bridge.original_model)

    @property
    def compatibility_mode(self) -> bool:
        """Whether `enable_compatibility_mode` was called, which may have changed the weights."""
        return bool(self.bridge.compatibility_mode)

    def callers_hooks(self) -> list[str]:
        """Return the names of hook points to which the caller has attached hooks.

        TransformerLens attaches some of its own, which mirror a hook under a second name.
        """
        points, kept = self.bridge.hook_dict, self._turns.hooks(self.bridge)
        return sorted(
            {
                str(points[name].name)
                for name, them in self.bridge.list_hooks().items()
                if any(one.hook.id in kept and not _own(one) for one in them)
            }
        )

    @property
    def splits_inputs(self) -> bool:
        """Whether TransformerLens gives every head an attention input of its own to patch."""
        cfg = self.bridge.cfg
        return bool(cfg.use_split_qkv_input or cfg.use_attn_in)

    def require_eval(self) -> None:
        """Check that the model is fit to measure.

        Raises:
            ModelError: The model is in training mode.
        """
        if any(module.training for module in self.bridge.original_model.modules()):
            raise ModelError(
                f"Model `{self.spec.name}` is in training mode, where dropout makes every run "
                "different. Patching compares runs, so it needs the same run each time. Call "
                "`model.eval()` first."
            )

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Run the body without gradients, when nobody else measures, after `require_eval`."""
        with self._turns.turn(self.bridge), torch.inference_mode():
            self.require_eval()
            yield

    @contextmanager
    def differentiating(self) -> Iterator[None]:
        """Run the body with gradients, when nobody else measures, after `require_eval`."""
        with self._turns.turn(self.bridge), torch.inference_mode(False), torch.enable_grad():
            self.require_eval()
            yield

    def joining(self) -> Callable[[], AbstractContextManager[None]]:
        """Return what threads enter that measure together with this one."""
        return partial(undisturbed, self.bridge, self._turns.hooks(self.bridge))

    def hook_point(self, name: str) -> torch.nn.Module:
        """Return the hook point that TransformerLens knows by `name`.

        Raises:
            ModelError: This model has none of that name.
        """
        point = self.bridge.get_hook_point(self._plain(name))
        if point is None:
            raise ModelError(
                f"`{self.spec.name}` ({self.spec.family}) has no hook `{name}`, so this site "
                "cannot be patched on it. Patch another site, such as `resid_pre`."
            )
        return point

    @contextmanager
    def hooked(self, hooks: Sequence[tuple[str, Hook]]) -> Iterator[None]:
        """Attach hooks for the body and take them off again, whatever happens in it.

        They are plain PyTorch hooks on TransformerLens' hook points: they see the activation as
        the model lays it out (heads flattened, but prompts and positions apart), and leave the
        caller's hooks alone. A forward pass in another thread passes them by.
        """
        with ExitStack() as stack:
            for name, hook in hooks:
                handle = self.hook_point(name).register_forward_hook(
                    in_this_thread(lambda point, _, output, hook=hook: _call(hook, point, output))
                )
                stack.callback(handle.remove)
            yield

    def blocks(self) -> torch.nn.ModuleList:
        """Return the transformer blocks in order."""
        return self.bridge.blocks

    def attention(self, layer: int) -> torch.nn.Module:
        """Return the attention module of a block."""
        return self.bridge.blocks[layer].attn

    def attention_adds_residual(self, layer: int) -> bool:
        """Whether a block's attention module itself adds its output to the residual stream.

        BLOOM's is given the residual stream besides its input, and returns the sum.
        """
        module: Any = self.attention(layer).original_component
        return "residual" in inspect.signature(module.forward).parameters

    def attention_norm(self, layer: int) -> torch.nn.Module | None:
        """Return what TransformerLens calls `ln1`: in most families the norm attention reads."""
        return getattr(self.blocks()[layer], "ln1", None)

    def native_norms(self, layer: int) -> list[NormalizationBridge]:
        """Return the norms of a block whose output is that of Hugging Face's own module.

        TransformerLens computes their scale and normalized input besides, for hooks to look at.
        """
        return [
            module
            for module in self.blocks()[layer].children()
            if isinstance(module, NormalizationBridge)
            and (
                module.use_native_layernorm_autograd
                or getattr(module.config, "layer_norm_folding", False)
            )
        ]

    def embed(self, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_model"]:
        """Return token embeddings as they come out of `embed.hook_out`, before positions."""
        return self.bridge.embed(tokens.to(self.device))

    def forward(
        self, tokens: Int[Tensor, "batch pos"], read: int = 1
    ) -> Float[Tensor, "rows d_vocab"]:
        """Return the logits at the last `read` positions of a plain forward pass.

        Rows are prompts x positions that are read, positions fastest.
        """
        return self._end(self.bridge(tokens.to(self.device)), read)

    def forward_with(
        self, tokens: Int[Tensor, "batch pos"], hooks: Sequence[tuple[str, Hook]], read: int = 1
    ) -> Float[Tensor, "rows d_vocab"]:
        """Return the logits at the last `read` positions of TransformerLens' own `run_with_hooks`.

        Rows are as in `forward`.

        Raises:
            MeasurementError: One of the hooks did not fire exactly once.
        """
        fired = [0] * len(hooks)

        def counted(index: int, function: Hook) -> Callable[..., Tensor | None]:
            def call(activation: Tensor, hook: Any) -> Tensor | None:
                fired[index] += 1
                return function(activation)

            return in_this_thread(call)

        names = [self._plain(name) for name, _ in hooks]
        wrapped: list[Any] = [(name, counted(i, hooks[i][1])) for i, name in enumerate(names)]
        logits = self.bridge.run_with_hooks(tokens.to(self.device), fwd_hooks=wrapped)
        require_fired(names, fired)
        return self._end(logits, read)

    def _end(
        self, logits: Float[Tensor, "batch pos d_vocab"], read: int
    ) -> Float[Tensor, "rows d_vocab"]:
        return widened(logits[:, -read:].flatten(0, 1).to(self.device))

    def readout(
        self, residual: Float[Tensor, "rows d_model"], columns: Tensor | None = None
    ) -> Float[Tensor, "rows columns"]:
        """Return logits from the residual stream after the last block.

        Args:
            residual: At the positions to read.
            columns: Token ids to compute; all of the vocabulary if `None`.
        """
        normed = self.bridge.ln_final(residual.unsqueeze(1))
        if columns is None:
            logits = self.bridge.unembed(normed).squeeze(1)
            return self._transformed(widened(logits.to(self.device)))
        unembed = self.bridge.unembed.original_component
        with align_module_device(unembed):
            columns = columns.to(unembed.weight.device)
            bias = None if unembed.bias is None else unembed.bias[columns]
            last = normed.squeeze(1).to(columns.device)
            logits = torch.nn.functional.linear(last, unembed.weight[columns], bias)
        return self._transformed(widened(logits.to(self.device)))

    def _transformed(self, logits: Tensor) -> Tensor:
        """Return logits as the family gives them out: capped (Gemma 2) or scaled (Granite)."""
        return self.bridge.adapter.apply_output_logits_transform(logits)

    def _plain(self, name: str) -> str:
        """Return the hook to use for `name`, one that every forward pass goes through.

        Where blocks multiply what they add by a factor (Granite), TransformerLens passes through
        the hooks of the product only for handles of its own. The module's output before the factor
        serves as well: the factor is the same in every run.
        """
        match = re.fullmatch(r"blocks\.(\d+)\.hook_(attn|mlp)_out", name)
        if match and hasattr(self.blocks()[int(match[1])], "residual_contribution_scale"):
            return f"blocks.{match[1]}.{match[2]}.hook_out"
        return name


def _own(handle: Any) -> bool:
    """Whether a hook is no caller's: of TransformerLens as it built the bridge, or of a run."""
    home = getattr(handle.user_hook, "__module__", None) or ""
    built = handle.is_permanent and home.startswith("transformer_lens.model_bridge.")
    return built or is_ours(handle.user_hook)


def _call(hook: Hook, point: Any, output: Tensor) -> Tensor | None:
    """Call a hook on an activation with an axis for prompts and one for positions.

    OPT puts all tokens of a batch in one row of rows for its MLP; TransformerLens' conversion
    shows them apart, as a view.
    """
    if output.ndim > 2:
        return hook(output)
    changed = hook(point.hook_conversion.convert(output))
    return None if changed is None else point.hook_conversion.revert(changed)


def require_fired(names: Sequence[str], fired: Sequence[int]) -> None:
    """Check that every hook fired exactly once.

    Raises:
        MeasurementError: One did not, so the numbers would be those of the unpatched run.
    """
    for name, times in zip(names, fired, strict=True):
        if times != 1:
            raise MeasurementError(
                f"The hook `{name}` fired {times} times in one forward pass instead of once, so "
                "the patch did not do what it says. No number is returned. This model's "
                "TransformerLens adapter does not pass through that hook; patch another site."
            )


def _spec(bridge: TransformerBridge) -> ModelSpec:
    cfg = bridge.cfg
    if cfg.attention_dir != "causal":
        raise ModelError(
            f"`{cfg.model_name}` attends in both directions. Patching here reads the answer at the "
            "last position of a causal language model. Load a decoder such as `gpt2`."
        )
    missing = [part for part in ("blocks", "ln_final", "unembed") if not hasattr(bridge, part)]
    if missing:
        raise ModelError(
            f"`{cfg.model_name}` ({cfg.architecture}) has no {' and no '.join(missing)}. Patching "
            "needs a plain stack of blocks with a final norm and an unembedding."
        )
    return ModelSpec(
        name=str(cfg.model_name),
        family=str(cfg.architecture),
        n_layers=cfg.n_layers,
        n_heads=cfg.n_heads,
        n_kv_heads=cfg.n_key_value_heads or cfg.n_heads,
        d_model=cfg.d_model,
        d_head=cfg.d_head,
        d_mlp=0 if cfg.attn_only else cfg.d_mlp or 4 * cfg.d_model,
        d_vocab=cfg.d_vocab,
        n_ctx=cfg.n_ctx,
        gated_mlp=bool(cfg.gated_mlp),
        parallel=bool(cfg.parallel_attn_mlp),
    )
