"""A question as a few lines of plain text, without its answer."""

from patchwidgets.views.question import Question


def question_words(header: Question) -> str:
    """Return the question and what can be answered."""
    lines = [header.title, how_to_answer(header)]
    if header.kind == "choice":
        lines += [f"  ( ) {one.text}" for one in header.answers]
    return "\n".join(line for line in [*lines, header.waiting] if line)


def how_to_answer(header: Question) -> str:
    """Return what kind of answer is wanted, as a sentence."""
    if header.kind == "node" and header.answers:
        first, last = header.answers[0].text, header.answers[-1].text
        return f"Answer with a node, from {first} to {last}."
    return {"node": "Answer with a node.", "number": "Answer with a number."}.get(
        header.kind, "Choose one:"
    )
