"""`python -m tests.prove.report`: write the tables of this folder's page from committed runs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE / "README.md"


def written(page: str) -> str:
    """Return a page with its tables made anew, each between `<!-- file -->` and the next comment.

    Raises:
        ValueError: A committed run has no place in it.
    """
    for path in sorted(HERE.glob("results-*.json")):
        begin, end = f"<!-- {path.name} -->", f"<!-- end of {path.name} -->"
        place = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
        if not place.search(page):
            raise ValueError(f"The page has no place for {path.name}: {begin} ... {end}.")
        table = "\n".join(_table(json.loads(path.read_text(encoding="utf-8"))))
        page = place.sub(lambda _, made=f"{begin}\n\n{table}\n\n{end}": made, page)
    return page


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield "| promise | tried | fell | minutes | seed, date, machine |"
    yield "| --- | --- | --- | --- | --- |"
    for row in rows:
        tried = "<br>".join(f"{times:,} {what}" for what, times in sorted(row["tried"].items()))
        run = f"{row['seed']}, {row['date']}, {row['machine']}"
        yield f"| {row['promise']} | {tried} | {len(row['fell'])} | {row['minutes']} | {run} |"


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
