"""Whether what was given is right; the page decides the same in js/src/core/question.ts."""

from patchwidgets.views.question import Question, StepState


def is_right(question: Question, given: str) -> bool:
    """Return whether an answer is right; nothing is while nothing can be checked."""
    number = question.number
    if number is None:
        return any(one.right and one.text == given for one in question.answers)
    try:
        # 0.7 is within 0.1 of 0.8, whatever rounding says.
        slack = 1e-9 * max(number.within, abs(number.value))
        return abs(float(given) - number.value) <= number.within + slack
    except ValueError:
        return False


def state_of(question: Question) -> StepState:
    """Return how a question stands: right only where it was before the answer was shown."""
    until = len(question.given) if question.shown < 0 else question.shown
    if any(is_right(question, given) for given in question.given[:until]):
        return "right"
    return "open" if question.shown < 0 else "shown"
