"""`python -m tests.sizes_on_smollm2`: bytes of a study of SmolLM2-135M with all its drill-downs.

A head map of 8 IOI pairs, and what feeds the query, the key and the value of its 20 strongest
heads; measuring takes minutes. `--json FILE` keeps what it printed.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import patchwidgets as pw

HEADS, PAIRS = 20, 8


def measured() -> dict[str, Any]:
    """Return the sizes in bytes, and what they are of."""
    study = pw.Study(pw.load_model("smollm2-135m"), "ioi", n=PAIRS)
    study.sweep("heads").wait()
    study.bake(top=HEADS).wait()
    size = study.size()
    return {
        "model": "SmolLM2-135M",
        "pairs": PAIRS,
        "heads": HEADS,
        "maps": size.maps,
        "file": size.file,
        "page": size.page,
        "output": size.output,
    }


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep what is printed")
    path = parser.parse_args().json
    found = measured()
    for name, value in found.items():
        print(f"{name:<8}{value:,}" if isinstance(value, int) else f"{name:<8}{value}")
    if path is not None:
        path.write_text(f"{json.dumps(found, indent=2)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
