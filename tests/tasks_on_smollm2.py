"""Print how well SmolLM2-135M does every task: `python -m tests.tasks_on_smollm2`.

Every task at every corruption site, on the same first pairs: how many are right (a right answer
before every wrong one), how many are known (right on the corrupted prompt too, where its answer is
the wrong answer), how many are known as first choice among all tokens, and the logit difference
of the clean and of the corrupted prompts.
"""

import sys
from collections.abc import Iterator

import torch

import patchwidgets as pw
from patchwidgets.engine.knowing import CRITERIA, Knowing, known_of
from patchwidgets.metrics import METRICS, evaluate
from patchwidgets.models.bridge import LensModel
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tokens import TokenPairs, tokenize
from patchwidgets.prompts.words import TokenizerWords

N = 48
LINE = "{:17} {:18} {:>16} {:>16} {:>16} {:>7} {:>10}"
HEADER = ("task", "site", "right", "known", "known, top", "clean", "corrupted")


def rows(model: LensModel, name: str, n: int) -> Iterator[tuple[str, ...]]:
    """Yield what is printed of one task, a row for every corruption site."""
    task, words = TASKS.get(name), TokenizerWords(model.tokenizer)
    for site in task.sites:
        pairs = task.pairs(n, 0, at=site, words=words)
        prompts = tokenize(pairs, model.tokenizer, prepend_bos=model.default_prepend_bos)
        both = site in task.symmetric
        asked = [Knowing("preferred", False), *(Knowing(criterion, both) for criterion in CRITERIA)]
        known, clean, corrupted = measured(model, prompts, asked)
        shares = [str(Share(sum(some), n)) for some in known]
        yield name, site, *shares, f"{clean:+.2f}", f"{corrupted:+.2f}"


def measured(
    model: LensModel, prompts: TokenPairs, asked: list[Knowing]
) -> tuple[list[list[bool]], float, float]:
    """Return what is known of every pair, and mean logit differences, clean and corrupted."""
    known: list[list[bool]] = [[] for _ in asked]
    differences = []
    for group in prompts.groups:
        answers = prompts.answers.select(group.members)
        assert isinstance(answers, AnswerTokens)  # the tasks' own answers are single tokens
        with model.measuring():
            runs = [model.forward(tokens) for tokens in (group.clean, group.corrupted)]
        for found, knowing in zip(known, asked, strict=True):
            found += known_of(runs[0], runs[1], answers, knowing)
        metric = METRICS.get("logit_diff")
        values = [evaluate(metric, run[None], answers, runs[0])[0] for run in runs]
        differences.append(torch.stack(values))
    clean, corrupted = torch.cat(differences, dim=1).mean(dim=1).tolist()
    return known, clean, corrupted


def main(names: list[str]) -> None:
    """Print the table of these tasks, or of all."""
    model = LensModel(pw.load_model("smollm2-135m"))
    print(LINE.format(*HEADER))
    for name in names or TASKS.names():
        for row in rows(model, name, N):
            print(LINE.format(*row), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
