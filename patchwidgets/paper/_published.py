"""What the paper's tables list, as text: `+` before positive nodes and `-` before negative ones.

Source: Zhang & Nanda 2024, arXiv 2309.16042, tables 2 to 5; section 4.2 for p_ABC.
"""

import re

_Tables = dict[tuple[str, str], str]

IOI_S2: _Tables = {
    ("replacement", "logit_diff"): "+ 5.5 7.9 8.6 8.10 9.9 - 10.7 11.10",
    ("replacement", "prob"): "+ 5.5 7.9 8.6 8.10 9.9 - 10.7",
    ("replacement", "kl_div"): "+ 5.5 7.9 8.6 8.10 9.9 - 10.7 11.10",
    ("noise", "logit_diff"): "+ 3.0 5.5 7.9 8.6 8.10 9.9 - 10.7 11.10",
    ("noise", "prob"): "+ 3.0 5.5 7.9 8.6 - 0.10 10.7 11.10",
    ("noise", "kl_div"): "+ 5.5 7.9 8.6 - 0.10 10.7 11.10",
}
IOI_S1_IO: _Tables = {
    ("replacement", "logit_diff"): "+ 9.6 9.9 10.0 - 10.7 11.10",
    ("replacement", "prob"): "+ 9.9",
    ("replacement", "kl_div"): "+ 9.6 9.9 10.0 - 10.7 11.10",
    ("noise", "logit_diff"): "+ 9.6 9.9 10.0 - 10.7 11.10",
    ("noise", "prob"): "+ 9.6 9.9 10.0",
    ("noise", "kl_div"): "+ 9.6 9.9 10.0 - 10.7 11.10",
}
YEARS: _Tables = {
    ("replacement", "logit_diff"): "+ 6.9 7.10 8.11 9.1 10.4",
    ("replacement", "prob"): "+ 7.10 8.11 9.1",
    ("replacement", "kl_div"): "+ 6.9 7.10 8.11 9.1 - 10.7",
    ("noise", "logit_diff"): "+ 0.9 7.10 8.10 9.1 10.4 - 6.1 8.6 9.5",
    ("noise", "prob"): "+ 5.5 6.1 6.9 7.10 7.11 8.8 9.1",
    ("noise", "kl_div"): "+ 5.5 6.1 6.9 7.10 7.11 8.8 9.1 - 5.9 7.6",
}
DOCSTRING: _Tables = {
    ("replacement", "logit_diff"): "+ 0.0@C_def 0.1@C_def 0.5@C_def 2.3@END 3.0@END 3.5@END "
    "3.6@END",
    ("replacement", "prob"): "+ 3.0@END 3.6@END",
    ("replacement", "kl_div"): "+ 0.0@C_def 0.1@C_def 0.5@C_def 2.2@C_def 2.3@END 3.0@END 3.6@END",
    ("noise", "logit_diff"): "+ 0.5@C_def 1.4@END 1.5@END 2.2@END 2.3@END 3.0@END 3.6@END 3.7@END",
    ("noise", "prob"): "+ 3.0@END 3.6@END",
    ("noise", "kl_div"): "+ 2.2@END 2.3@END 3.0@END 3.5@END 3.6@END",
}
"""Without the four negative heads that the paper does not name."""

CIRCUIT = {
    "name movers": "9.6 9.9 10.0",
    "duplicate token": "0.1 3.0",
    "S-inhibition": "7.3 7.9 8.6 8.10",
    "negative name movers": "10.7 11.10",
    "induction": "5.5 6.9",
}
"""Classes of heads of GPT-2 small's IOI circuit that table 1 counts."""


def signed(listed: str) -> dict[str, int]:
    """Return the nodes of a list with their signs: `+ 5.5 - 10.7` is L5H5: 1, L10H7: -1."""
    nodes, sign = {}, 1
    for word in listed.split():
        if word in "+-":
            sign = 1 if word == "+" else -1
        else:
            nodes[node_of(word)] = sign
    return nodes


def node_of(written: str) -> str:
    """Return a head as it is written here: `9.6@END` of the paper is `L9H6@END`."""
    return re.sub(r"^(\d+)\.(\d+)", r"L\1H\2", written)
