"""Train mini: `python -m patchwidgets.models.mini.train --out FOLDER`.

The same seed gives the same texts at every step, and on one machine the same weights.
"""

import argparse
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from patchwidgets.models.mini.bundled import save_mini
from patchwidgets.models.mini.evaluate import Question, evaluate, questions
from patchwidgets.models.mini.texts._writing import Text
from patchwidgets.models.mini.texts.mixture import texts
from patchwidgets.models.mini.vocabulary import CONTEXT, make_tokenizer

SEED = 0
DECAYS = ((1600, 600, 1.0), (1725, 125, 0.3))
"""Until which step, over how many steps, and from which share the learning rate goes down to 0."""

STEPS = DECAYS[-1][0]

BATCH = 128
"""Texts of one step."""

PARTS = 5
"""A batch is read in so many parts, of texts of about one length."""

SCORED_WEIGHT = 4.0
"""What an answer counts in the loss, where another word counts 1."""

WARM_UP = 60
MATRIX_RATE, OTHER_RATE = 5e-3, 4e-3
LOG_EVERY = 25
SAVE_EVERY = 250
PROMPTS = 50
"""Of every row of the evaluation, whenever the model is saved."""

LOSSES, PROGRESS = "losses.csv", "progress.csv"
IGNORED = -100


def configuration(vocabulary: int) -> LlamaConfig:
    """Return the sizes of mini."""
    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=128,
        intermediate_size=320,
        num_hidden_layers=4,
        num_attention_heads=8,
        num_key_value_heads=8,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        initializer_range=0.03,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
        use_cache=False,
        architectures=["LlamaForCausalLM"],
    )


class Training:
    """A run of training, from its beginning or from where it was saved."""

    def __init__(self, seed: int = SEED) -> None:
        torch.manual_seed(seed)
        self.seed, self.step = seed, 0
        self.tokenizer = make_tokenizer()
        self.model = LlamaForCausalLM(configuration(len(self.tokenizer)))
        matrices, others = [], []
        for name, weight in self.model.named_parameters():
            (matrices if weight.ndim == 2 and ".layers." in name else others).append(weight)
        self._optimizers = [
            torch.optim.Muon(
                matrices, lr=MATRIX_RATE, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"
            ),
            torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.0),
        ]

    def advance(self) -> float:
        """Take one step; return the loss of its answers and words, weighed."""
        batch = texts(BATCH, random.Random(f"{self.seed} {self.step}"), self.step)
        parts = [encoded(part, self.tokenizer) for part in _by_length(batch)]
        weight = sum(float(each.sum()) for _, _, each in parts)
        total = 0.0
        for tokens, targets, weights in parts:
            counts = weights > 0
            logits = self.model.lm_head(self.model.model(tokens).last_hidden_state[counts])
            losses = torch.nn.functional.cross_entropy(logits, targets[counts], reduction="none")
            loss = (losses * weights[counts]).sum() / weight
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        rate = _rate(self.step)
        for optimizer, top in zip(self._optimizers, (MATRIX_RATE, OTHER_RATE), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = top * rate
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        return total

    def state(self) -> dict[str, Any]:
        """Return everything that `restore` needs to go on."""
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)


def encoded(
    batch: Sequence[Text], tokenizer: PreTrainedTokenizerFast
) -> tuple[Tensor, Tensor, Tensor]:
    """Return tokens with BOS, what follows each, and what that counts; 0 for padding."""
    read = tokenizer(
        [one.text for one in batch], add_special_tokens=False, return_offsets_mapping=True
    )
    ids, offsets = read["input_ids"], read["offset_mapping"]
    longest = max(map(len, ids)) + 1
    tokens = torch.zeros(len(batch), longest, dtype=torch.long)
    targets, weights = torch.zeros_like(tokens), torch.zeros(tokens.shape)
    for row, (text, own, spans) in enumerate(zip(batch, ids, offsets, strict=True)):
        if tokenizer.unk_token_id in own:
            raise ValueError(f"The tokenizer does not know a word of {text.text!r}.")
        tokens[row, 1 : len(own) + 1] = torch.tensor(own)
        targets[row, : len(own)] = torch.tensor(own)
        scored = set(text.scored)
        for at, (start, _) in enumerate(spans):
            weights[row, at] = SCORED_WEIGHT if start in scored else float(start >= text.start)
        weights[row, len(own)] = 1.0
    return tokens, targets, weights


def _by_length(batch: Sequence[Text]) -> Iterator[Sequence[Text]]:
    ordered = sorted(batch, key=lambda one: len(one.text))
    size = -(-len(ordered) // PARTS)
    yield from (ordered[at : at + size] for at in range(0, len(ordered), size))


def _rate(step: int) -> float:
    """Return the learning rate of a step as a share of the largest one."""
    end, over, top = next(each for each in DECAYS if step < each[0])
    return min(1.0, (step + 1) / WARM_UP, (end - step) / over) * top


def _progress(training: Training, asks: Sequence[Question]) -> Iterator[str]:
    """Yield how well the model does now, on some of the prompts of the evaluation."""
    training.model.eval()
    for row in evaluate(training.model, training.tokenizer, asks, PROMPTS):
        scores = f"{row.top_1:.3f},{row.prob_diff:.3f}"
        yield f"{training.step},{row.task},{row.held_out},{row.prompts},{scores}"
    training.model.train()


def _append(file: Path, lines: Iterable[str]) -> None:
    with file.open("a", encoding="utf-8") as log:
        log.writelines(f"{line}\n" for line in lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train from the beginning, or from where a run was saved, and save the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--from", dest="saved", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS, help="(default: %(default)s)")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    training, started = Training(asked.seed), time.monotonic()
    asks = questions(training.tokenizer)
    if asked.saved is not None:
        training.restore(torch.load(asked.saved))
    losses: list[float] = []
    while training.step < min(asked.steps, STEPS):
        losses.append(training.advance())
        if training.step % LOG_EVERY == 0:
            log = f"{training.step},{sum(losses) / len(losses):.4f}"
            _append(asked.out / LOSSES, [log])
            before = committed_loss(training.step)
            print(log, f"committed {before}", f"{time.monotonic() - started:.0f} s", flush=True)
            losses = []
        if training.step % SAVE_EVERY == 0 or training.step == STEPS:
            torch.save(training.state(), asked.out / f"step{training.step}.pt")
            _append(asked.out / PROGRESS, _progress(training, asks))
    save_mini(training.model, training.tokenizer, asked.out / "model")


def committed_loss(step: int) -> str:
    """Return what the committed log has for a step: the mean loss of the last ones."""
    with (Path(__file__).parent / LOSSES).open(encoding="utf-8") as log:
        return next(loss.strip() for at, loss in (row.split(",") for row in log) if int(at) == step)


if __name__ == "__main__":
    main()
