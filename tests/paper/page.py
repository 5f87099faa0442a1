"""The table of `patchwidgets/paper/README.md`, of a run that is kept beside this file.

`python -m tests.paper.page` writes it. The run: `patchwidgets paper --json
tests/paper/smollm2-135m.json`.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.front_page import ROOT, head, row, written

PAGE = ROOT / "patchwidgets/paper/README.md"
RUN = Path(__file__).with_name("smollm2-135m.json")


def claims() -> Iterator[str]:
    """Yield every claim with its verdict and the numbers that decide it."""
    run = json.loads(RUN.read_text(encoding="utf-8"))
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    yield (
        f"{run['model']}, {run['n']} prompt pairs, seed {run['seed']}, {run['noise_draws']} draws "
        f"of noise; {versions}."
    )
    yield ""
    yield from head("claim", "the paper says", "on this model", "numbers with 95 % intervals")
    for claim in run["claims"]:
        name = f"`{claim['name']}` ({claim['section']})"
        verdict = claim["verdict"] + (f": {claim['reason']}" if claim["reason"] else "")
        yield row(name, claim["says"], verdict, "<br>".join(map(_number, claim["checks"])))


def _number(check: dict[str, Any]) -> str:
    if check["value"] is None:
        return f"{check['label']}: {check['verdict']}"
    ends = ", ".join("?" if check[end] is None else f"{check[end]:.3g}" for end in ("low", "high"))
    return f"{check['label']}: {check['value']:.3g} [{ends}], {check['asked']}: {check['verdict']}"


TABLES: dict[str, Callable[[], Iterator[str]]] = {"claims": claims}


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(written(text, TABLES), encoding="utf-8")
