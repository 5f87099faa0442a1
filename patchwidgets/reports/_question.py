"""A question where scripts are off: what is asked, and the answer behind a click."""

from html import escape

from patchwidgets.views._question_words import how_to_answer
from patchwidgets.views.question import Question


def question_still(header: Question) -> str:
    """Return HTML that needs no script; whatever the texts hold stays text."""
    choices = [one.text for one in header.answers] if header.kind == "choice" else []
    listed = "".join(f"<li>{escape(text)}</li>" for text in choices)
    answer = " ".join(text for text in (header.solution, header.because) if text)
    hidden = f"<details><summary>Show the answer</summary><p>{escape(answer)}</p></details>"
    return (
        f'<div class="pw-still"><p><strong>{escape(header.title)}</strong></p>'
        f"<p>{escape(how_to_answer(header))}</p>{f'<ul>{listed}</ul>' if listed else ''}"
        f"{hidden if answer else f'<p>{escape(header.waiting)}</p>'}</div>"
    )
