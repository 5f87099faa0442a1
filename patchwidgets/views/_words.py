"""Numbers and units as people write them; the same as on the page (js/src/core/format.ts)."""

UNITS = {
    "logit": "logits",
    "nat": "nats",
    "probability": "probability",
    "rank": "places",
    "share": "share of prompts",
    "ratio": "times",
    "none": "",
}
"""The plural of a metric's unit, as it stands after a number."""


LONGEST = 200
"""Characters of one label or token that are drawn: a tokenizer may have tokens of a megabyte."""


def cut(text: str) -> str:
    """Return a text that is not too long to be drawn, with an ellipsis for what is left out."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def number(value: float) -> str:
    """Return three significant digits at most, with a real minus sign."""
    size = abs(value)
    if 0 < size < 0.0005:
        digits, _, exponent = f"{size:.0e}".partition("e")
        text = f"{digits}e{int(exponent)}".replace("-", "−")
    else:
        places = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 or size == 0 else 3
        text = f"{size:.{places}f}"
    return f"−{text}" if value < 0 else text


def signed(value: float) -> str:
    """Return a number with its sign, also when it is positive."""
    return f"+{number(value)}" if value > 0 else number(value)
