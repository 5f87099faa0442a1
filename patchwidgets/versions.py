"""Versions of Python and TransformerLens that are too old, told before anything fails by them."""

import re
import sys
from importlib.metadata import PackageNotFoundError, version

PYTHON = (3, 11)
TRANSFORMER_LENS = (4, 3)


def require_python() -> None:
    """Check the version of Python.

    Raises:
        ImportError: It is too old.
    """
    if sys.version_info[:2] < PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        raise ImportError(
            "patchwidgets needs Python 3.11 or newer, and this is Python "
            + found
            + ". Make an environment with a newer one: `python3.11 -m venv .venv`."
        )


def require_transformer_lens() -> None:
    """Check the version of TransformerLens.

    Raises:
        ImportError: It is too old, or not installed.
    """
    try:
        found = version("transformer_lens")
    except PackageNotFoundError:
        raise ImportError(
            "patchwidgets measures models with TransformerLens, which is not installed. Type "
            "`pip install 'transformer_lens>=4.3'`."
        ) from None
    if tuple(int(part) for part in re.findall(r"\d+", found)[:2]) < TRANSFORMER_LENS:
        raise ImportError(
            f"patchwidgets needs TransformerLens 4.3 or newer, and {found} is installed. Older "
            "ones have no bridge whose blocks can be run one at a time. Type `pip install "
            "--upgrade 'transformer_lens>=4.3'` and start Python again."
        )
