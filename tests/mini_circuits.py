"""Print what mini's heads do, by our own patching: `python -m tests.mini_circuits`.

For every task: the gap that is patched, what the attention and the MLP of every layer carry of it,
and the heads that stand out. For some: paths into the logits and into the two strongest heads, and
where in the residual stream it is decided. Then what all heads attend to. The model card quotes it,
and a test compares.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import torch

import patchwidgets as pw
from patchwidgets.models.bridge import LensModel

TASKS = (
    *("ioi", "greater_than", "docstring", "capitals", "facts", "agreement"),
    *("gendered_pronoun", "induction"),
)
WALKED = ("ioi", "agreement", "docstring")
"""Tasks whose circuit is walked from the logits back."""

N = 64
STRONGEST = 8


def strongest(result: Any, metric: str = "logit_diff", count: int = STRONGEST) -> str:
    """Return the largest normalized effects, in either direction: 1 is the whole gap."""
    table = result.table()
    ordered = table.reindex(table[f"{metric}_normalized"].abs().sort_values(ascending=False).index)
    shown = ordered.head(count)
    values = zip(shown["node"], shown[f"{metric}_normalized"], strict=True)
    return ", ".join(f"{node} {value:+.2f}" for node, value in values)


def by_layer(study: Any, name: str) -> str:
    """Return the normalized effect of every layer's attention or MLP."""
    found = study.sweep(name).normalized().values
    return " ".join(f"{value:+.2f}" for value in found.ravel())


def task_lines(model: Any, name: str) -> Iterator[str]:
    """Yield what is printed of one task."""
    study = pw.Study(model, name, n=N, metric=["logit_diff", "prob"], store=False)
    runs = study.baselines().mean(numeric_only=True)
    clean, corrupted = runs["logit_diff clean"], runs["logit_diff corrupted"]
    heads = study.sweep("heads")
    yield f"{name}: logit difference {clean:+.2f} clean, {corrupted:+.2f} corrupted"
    yield f"  attention by layer  {by_layer(study, 'attn')}"
    yield f"  MLP by layer        {by_layer(study, 'mlp')}"
    yield f"  heads, logit_diff   {strongest(heads)}"
    yield f"  heads, prob         {strongest(heads, 'prob')}"
    found = heads.detect(sd=2)
    yield f"  2 SD from the mean  positive {list(found.positive)}, negative {list(found.negative)}"


def path_lines(model: Any, name: str) -> Iterator[str]:
    """Yield which paths carry a task, and where in the residual stream it is decided."""
    study = pw.Study(model, name, n=N, store=False)
    into_logits = study.path("logits", senders=["heads", "mlp"])
    yield f"{name}, paths into the logits: {strongest(into_logits)}"
    movers = [str(node) for node in into_logits.table()["node"] if "H" in str(node)]
    for mover in movers[:2]:
        head = mover.split(" ")[0]
        for part in "qkv":
            found = strongest(study.path(f"{head}.{part}"), count=4)
            yield f"{name}, paths into {head}.{part}: {found}"
    yield f"{name}, residual stream by layer and role:"
    table = study.sweep("residual", positions="roles").normalized().to_pandas().round(2)
    yield from (line.rstrip() for line in table.to_string().split("\n"))


def attention_lines(model: Any) -> Iterator[str]:
    """Yield what every head attends to, mean over prompts: 1 is all of its attention."""
    ioi = pw.Study(model, "ioi", n=N, store=False)
    again = pw.Study(model, "induction", n=N, store=False)
    columns = {
        "previous": previous(model, again),
        "BOS": attended(model, ioi, "END", None),
        **{f"END>{role}": attended(model, ioi, "END", role) for role in ("IO", "S1", "S2")},
        **{f"S2>{role}": attended(model, ioi, "S2", role) for role in ("S1", "S1+1")},
        "again>B": attended(model, again, "END", "B"),
        "again>A": attended(model, again, "END", "A"),
    }
    yield "head   " + " ".join(f"{name:>9}" for name in columns)
    spec = LensModel(model).spec
    for layer in range(spec.n_layers):
        for head in range(spec.n_heads):
            values = " ".join(f"{float(one[layer, head]):9.2f}" for one in columns.values())
            yield f"L{layer}H{head}   {values}"


def patterns(model: Any, tokens: torch.Tensor) -> torch.Tensor:
    """Return attention as prompts x layers x heads x from x to."""
    layers = range(LensModel(model).spec.n_layers)
    with torch.inference_mode():
        _, cache = model.run_with_cache(tokens)
    return torch.stack([cache[f"blocks.{layer}.attn.hook_pattern"] for layer in layers], dim=1)


def attended(model: Any, study: Any, at: str, to: str | None) -> torch.Tensor:
    """Return how much each head attends from one role to another, or to BOS; layers x heads."""
    found = []
    for group in study.prompts.groups:
        if at not in group.roles or (to is not None and to not in group.roles):
            continue
        rows = torch.arange(len(group.members))
        ends = torch.zeros_like(rows) if to is None else group.roles[to]
        found.append(patterns(model, group.clean)[rows, :, :, group.roles[at], ends])
    return torch.cat(found).mean(0)


def previous(model: Any, study: Any) -> torch.Tensor:
    """Return how much each head attends to the token before, on random words."""
    found = [
        patterns(model, group.clean).diagonal(-1, -2, -1)[..., 1:] for group in study.prompts.groups
    ]
    return torch.cat(found).mean((0, -1))


def main() -> None:
    """Print everything."""
    warnings.filterwarnings("ignore", message=".* prefers the answer on ", category=UserWarning)
    model = pw.load_model("mini")
    for name in TASKS:
        for line in task_lines(model, name):
            print(line, flush=True)
    for name in WALKED:
        for line in path_lines(model, name):
            print(line, flush=True)
    for line in attention_lines(model):
        print(line, flush=True)


if __name__ == "__main__":
    main()
