"""How well mini does every task: `python -m patchwidgets.models.mini.evaluate`.

Prompts are those of the tasks, in rows by what of them was held out of its training.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from patchwidgets.errors import TooFewPairsError
from patchwidgets.models.mini import held_out
from patchwidgets.models.mini.bundled import FOLDER, hugging_face
from patchwidgets.models.mini.texts.mixture import SMALL_WORDS
from patchwidgets.prompts.pairs import PromptPair, PromptPairs
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tasks._facts import FACTS
from patchwidgets.prompts.tasks._number_words import NEIGHBOURS, SUBJECTS
from patchwidgets.prompts.tokens import tokenize
from patchwidgets.prompts.words import TokenizerWords

TABLE = Path(__file__).parent / "evaluation.json"
SEED = 1
PROMPTS = 200
"""Of every row; fewer where there are not so many."""

_TRIED = (200, 1000, 4000, 12_000)


@dataclass(frozen=True)
class Row:
    """What was measured on some clean prompts of a task.

    Args:
        task: Its name.
        held_out: What of the prompts mini was never trained on; `as drawn` for any prompts.
        prompts: How many.
        top_1: Share of them where the most probable token of all is a right answer.
        prob_diff: Probability of all right answers minus that of all wrong ones, mean.
        logit_diff: Mean logit of right answers minus that of wrong ones, mean over prompts.
    """

    task: str
    held_out: str
    prompts: int
    top_1: float
    prob_diff: float
    logit_diff: float


Chosen = Callable[[PromptPair], bool]
Question = tuple[str, str, PromptPairs]
"""Task, what is held out, and prompts."""


def _any(pair: PromptPair) -> bool:
    del pair
    return True


def _word(pair: PromptPair, role: str) -> str:
    place = pair.roles[role]
    return pair.clean[slice(*place)] if isinstance(place, tuple) else ""


def _names(pair: PromptPair) -> bool:
    return held_out.names(pair.answers[0].strip(), pair.wrong_answers[0].strip())


def _ioi_template(pair: PromptPair) -> bool:
    texts = (held_out.IOI_TEMPLATES, pair.clean)
    return any(re.fullmatch(_pattern(one), texts[1]) for one in texts[0])


def _pattern(template: str) -> str:
    """Return an expression for a template with any words in its slots, names in either order."""
    return re.sub(r"\\\[[A-Z]+\\\]", r"\\w+", re.escape(template))


def _year(pair: PromptPair) -> bool:
    return held_out.year(_word(pair, "XX") + _word(pair, "YY_last")[-2:])


def _arguments(pair: PromptPair) -> bool:
    return held_out.arguments(_word(pair, "B_def"), _word(pair, "C_def"))


def _countries(pair: PromptPair) -> bool:
    return held_out.countries(_word(pair, "example"), _word(pair, "country"))


_FACTS_OF = {fact.prompt: fact for fact in FACTS}
_REPEATABLE = frozenset(SMALL_WORDS)
_SINGULAR = {plural: one for both in (SUBJECTS, NEIGHBOURS) for one, plural in both.items()}


def _fact(pair: PromptPair) -> bool:
    return held_out.fact(_FACTS_OF[pair.clean])


def _nouns(pair: PromptPair) -> bool:
    subject, neighbour = _word(pair, "subject"), _word(pair, "neighbour")
    return held_out.nouns(_SINGULAR.get(subject, subject), _SINGULAR.get(neighbour, neighbour))


def _pronoun(pair: PromptPair) -> bool:
    name = _word(pair, "name")
    return held_out.pronoun(name, pair.clean.replace(name, "[NAME]", 1))


def _repeatable(pair: PromptPair) -> bool:
    """Whether all words are among those that the random texts of its training are made of."""
    return set(pair.clean.split()) <= _REPEATABLE


def _both(one: Chosen, other: Chosen) -> Chosen:
    return lambda pair: one(pair) and other(pair)


def _not(one: Chosen) -> Chosen:
    return lambda pair: not one(pair)


def _of(*groups: str) -> Chosen:
    return lambda pair: pair.group in groups


ROWS: Sequence[tuple[str, str, Chosen, Sequence[str] | None]] = (
    ("ioi", "as drawn", _any, None),
    ("ioi", "names", _both(_names, _not(_ioi_template)), None),
    ("ioi", "template", _both(_ioi_template, _not(_names)), None),
    ("ioi", "names and template", _both(_names, _ioi_template), None),
    ("greater_than", "as drawn", _any, None),
    ("greater_than", "year", _year, ["year"]),
    ("greater_than", "template", _not(_year), ["short"]),
    ("greater_than", "year and template", _year, ["short"]),
    ("docstring", "as drawn", _any, None),
    ("docstring", "arguments", _arguments, None),
    ("docstring", "arguments of three", _arguments, ["three of three"]),
    ("capitals", "as drawn", _any, None),
    ("capitals", "countries", _countries, ["capital"]),
    ("capitals", "template", _any, ["question"]),
    ("facts", "as drawn", _any, None),
    ("facts", "fact in these words", _fact, None),
    ("agreement", "as drawn", _any, None),
    ("agreement", "nouns", _both(_nouns, _not(_of("sentence"))), None),
    ("agreement", "template", _not(_nouns), ["sentence"]),
    ("agreement", "nouns and template", _nouns, ["sentence"]),
    ("gendered_pronoun", "as drawn", _any, None),
    ("gendered_pronoun", "name in this template", _both(_pronoun, _not(_of("lost"))), None),
    ("gendered_pronoun", "template", _any, ["lost"]),
    ("induction", "all words", _any, None),
    ("induction", "all of sixteen words", _any, ["16 words"]),
    ("induction", "order of words it repeats", _repeatable, None),
)
"""Task, what is held out, which prompts those are, and templates."""


def questions(tokenizer: PreTrainedTokenizerFast) -> list[Question]:
    """Return the prompts of every row."""
    words = TokenizerWords(tokenizer)
    return [
        (name, held, _pairs(name, chosen, templates, words))
        for name, held, chosen, templates in ROWS
    ]


def evaluate(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    asked: Sequence[Question],
    prompts: int = PROMPTS,
) -> Iterator[Row]:
    """Yield one row after another, each of so many prompts where there are as many."""
    for name, held, pairs in asked:
        some = pairs[:prompts]
        yield Row(name, held, len(some), *_scores(model, tokenizer, some))


def _pairs(
    name: str, chosen: Chosen, templates: Sequence[str] | None, words: TokenizerWords
) -> PromptPairs:
    """Return the chosen among the pairs of a task, each clean prompt once."""
    task, kept = TASKS.get(name), {}
    for many in _TRIED:
        try:
            drawn = task.pairs(many, SEED, words=words, templates=templates)
        except TooFewPairsError as problem:
            drawn = task.pairs(problem.available, SEED, words=words, templates=templates)
        kept = {pair.clean: pair for pair in drawn if chosen(pair)}
        if len(kept) >= PROMPTS or len(drawn) < many:
            break
    return PromptPairs.of(list(kept.values())[:PROMPTS])


def _scores(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, pairs: PromptPairs
) -> tuple[float, float, float]:
    """Return the share of right answers, and the mean differences of probability and logit."""
    prompts = tokenize(pairs, tokenizer, prepend_bos=True, needs_corrupted=False)
    found = []
    for group in prompts.groups:
        with torch.inference_mode():
            logits = model(group.clean).logits[:, -1]
        for row, pair in enumerate(group.members):
            right, wrong = (
                list(side[pair]) for side in (prompts.answers.right, prompts.answers.wrong)
            )
            shares = logits[row].softmax(-1)
            found.append(
                (
                    float(int(logits[row].argmax()) in right),
                    float(shares[right].sum() - shares[wrong].sum()),
                    float(logits[row, right].mean() - logits[row, wrong].mean()),
                )
            )
    top_1, prob_diff, logit_diff = torch.tensor(found, dtype=torch.float64).mean(0).tolist()
    return top_1, prob_diff, logit_diff


def printed(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a table as lines of Markdown."""
    titles = ("task", "never trained on", "prompts", "top-1", "prob_diff", "logit_diff")
    yield f"| {' | '.join(titles)} |"
    yield "|---|---|---:|---:|---:|---:|"
    for row in rows:
        yield (
            f"| {row.task} | {row.held_out} | {row.prompts} | {row.top_1:.1%} | "
            f"{row.prob_diff:.3f} | {row.logit_diff:.2f} |"
        )


def committed(table: Path = TABLE) -> list[Row]:
    """Return the rows that were measured when mini was trained."""
    return [Row(**row) for row in json.loads(table.read_text(encoding="utf-8"))]


def _kept(rows: Iterable[Row], kept: list[Row]) -> Iterator[Row]:
    for row in rows:
        kept.append(row)
        yield row


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the evaluation, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=FOLDER, help="folder (default: the bundled)")
    parser.add_argument("--out", type=Path, help="JSON file to write the rows to")
    asked = parser.parse_args(arguments)
    model, tokenizer = hugging_face(asked.model)
    rows: list[Row] = []
    for line in printed(_kept(evaluate(model, tokenizer, questions(tokenizer)), rows)):
        print(line, flush=True)
    if asked.out is not None:
        found = [asdict(row) for row in rows]
        asked.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
