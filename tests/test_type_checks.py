"""Types and shapes are checked while tests run, and none is named where they are not."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from jaxtyping import TypeCheckError

from patchwidgets.widening import widened

PACKAGE = Path(__file__).parents[1] / "patchwidgets"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SHAPES = {"Float", "Int", "Bool", "Shaped", "Num", "Complex"}


def test_what_a_function_is_given_is_checked():
    wrong: Any = "no tensor"
    with pytest.raises(TypeCheckError, match=r"patchwidgets\.widening\.widened"):
        widened(wrong)


def test_no_function_that_is_made_inside_another_names_a_shape():
    trees = [ast.parse(file.read_text("utf-8")) for file in PACKAGE.rglob("*.py")]
    shapes = {*SHAPES, *(name for tree in trees for name in names_of_shapes(tree))}
    hints = [hint for tree in trees for one in inner(tree) for hint in hints_of(one)]
    assert hints
    assert [hint for hint in hints if shapes & set(re.findall(r"\w+", hint))] == []


def names_of_shapes(tree: ast.Module) -> list[str]:
    """Return the names that a module gives to shapes, such as `Patterns`."""
    given = [one for one in tree.body if isinstance(one, ast.Assign)]
    return [
        ast.unparse(one.targets[0])
        for one in given
        if isinstance(one.value, ast.Subscript)
        and SHAPES & set(re.findall(r"\w+", ast.unparse(one.value)))
    ]


def inner(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions that are made inside others."""
    made = [one for one in ast.walk(tree) if isinstance(one, FUNCTIONS)]
    within = [one for outer in made for one in ast.walk(outer) if one is not outer]
    return [one for one in within if isinstance(one, FUNCTIONS)]


def hints_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return its type hints, without those that nothing looks into when it is called."""
    hints = [one.annotation for one in ast.walk(function.args) if isinstance(one, ast.arg)]
    written = [ast.unparse(one) for one in (*hints, function.returns) if one is not None]
    return [one for one in written if not one.startswith(("Callable[", "Generator["))]
