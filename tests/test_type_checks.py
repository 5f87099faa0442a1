"""Types and shapes are checked while tests run, and none is named where they are not."""

import ast
from pathlib import Path
from typing import Any

import pytest
from jaxtyping import TypeCheckError

from patchwidgets.precision import widened

PACKAGE = Path(__file__).parents[1] / "patchwidgets"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SHAPES = ("Float[", "Int[", "Bool[", "Shaped[", "Num[", "Complex[")


def test_what_a_function_is_given_is_checked():
    wrong: Any = "no tensor"
    with pytest.raises(TypeCheckError, match=r"patchwidgets\.precision\.widened"):
        widened(wrong)


def test_no_function_that_is_made_inside_another_names_a_shape():
    named = {}
    for file in PACKAGE.rglob("*.py"):
        for outer in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(outer, FUNCTIONS):
                inner = [one for one in ast.walk(outer) if isinstance(one, FUNCTIONS)]
                named |= {(file, one.name): signature(one) for one in inner if one is not outer}
    assert named
    assert [one for one, text in named.items() if any(shape in text for shape in SHAPES)] == []


def signature(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return what a function takes and returns, as it is written."""
    returned = "" if function.returns is None else ast.unparse(function.returns)
    return f"{ast.unparse(function.args)} -> {returned}"
