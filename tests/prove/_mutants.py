"""Small faults put into source code, one at a time: what a slip of the hand would make.

Left out are faults that no test can see, by these rules and no other:

* the code is the same with it, as in `return None`;
* it is in an annotation, or under `if TYPE_CHECKING`: nothing of it runs;
* `strict=` of `zip`: a check of our own code that no input reaches;
* a whole number that a module gives a name, such as `ROWS = 32`, one larger: how much is done at
  once or how often is tried, which was chosen by trying and which no promise names.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
REPLACED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Args:
        line: Where it is.
        function: The function or method it is in, by its qualified name; empty in none.
        fault: What was changed, in words.
        source: The whole module with the fault.
        on_import: Whether it is in what runs when the module is loaded, and not in a function.
        reached_by: Lines, one of which a test runs that may see it: those of its statement, or on
            import those of the function, class or module whose making it disturbs.
    """

    line: int
    function: str
    fault: str
    source: str
    on_import: bool
    reached_by: range


def mutants(source: str) -> list[Mutant]:
    """Return every fault that is put into a module, in the order of its lines."""
    tree = ast.parse(source)
    whole, found = ast.unparse(tree), []
    every_line = range(1, len(source.splitlines()) + 1)
    whole_module = _Place((), "", every_line, every_line, on_import=True)
    for place in list(_places(tree, whole_module)):
        node = _at(tree, place.path)
        for fault, changed in _faults(node):
            _put(tree, place.path, changed)
            text = ast.unparse(tree)
            _put(tree, place.path, node)
            if text == whole:
                continue
            line = getattr(node, "lineno", 0)
            reached_by = place.scope if place.on_import else place.statement
            found.append(Mutant(line, place.function, fault, text, place.on_import, reached_by))
    return sorted(found, key=lambda one: (one.line, one.fault))


Path = tuple[tuple[str, int | None], ...]


class _Place(NamedTuple):
    """Where an expression or statement is: its path in the tree, and what is around it."""

    path: Path
    function: str
    scope: range
    statement: range
    on_import: bool


NEVER_RUN = ("annotation", "returns", "decorator_list", "bases")
"""Fields of statements and functions with no faults: annotations, and what marks a class."""


def _places(node: ast.AST, at: _Place) -> Iterator[_Place]:
    """Yield where every expression and statement is that a fault can be in."""
    for name, value in ast.iter_fields(node):
        if name in NEVER_RUN or (name == "body" and _is_for_types(node)):
            continue
        called = name == "body" and isinstance(node, ast.FunctionDef | ast.Lambda)
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or _is_unseen(child):
                continue
            if at.on_import and not at.function and _is_named_number(child):
                continue
            path = (*at.path, (name, index if isinstance(value, list) else None))
            inside = at._replace(path=path, on_import=at.on_import and not called)
            place = _of_statement(child, inside)
            if hasattr(child, "lineno"):
                yield place
            yield from _places(child, place)


def _of_statement(child: ast.AST, at: _Place) -> _Place:
    if not isinstance(child, ast.stmt):
        return at
    last = child.end_lineno or child.lineno
    if isinstance(child, ast.FunctionDef | ast.ClassDef):
        name = f"{at.function}.{child.name}".lstrip(".")
        at = at._replace(function=name, scope=range(child.lineno, last + 1))
    body = getattr(child, "body", None)
    end = max(body[0].lineno, child.lineno + 1) if body else last + 1
    return at._replace(statement=range(child.lineno, end))


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _is_unseen(node: ast.AST) -> bool:
    """Whether a node is a docstring or `strict=`."""
    match node:
        case ast.Expr(value=ast.Constant(value=str())) | ast.keyword(arg="strict"):
            return True
    return False


def _is_named_number(node: ast.AST) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name()], value=ast.Constant(value=int() as value)):
            return not isinstance(value, bool)
    return False


def _at(tree: ast.AST, path: Path) -> ast.AST:
    for name, index in path:
        value = getattr(tree, name)
        tree = value if index is None else value[index]
    return tree


def _put(tree: ast.AST, path: Path, node: ast.AST) -> None:
    *before, (name, index) = path
    holder = _at(tree, tuple(before))
    if index is None:
        setattr(holder, name, node)
    else:
        getattr(holder, name)[index] = node


def _faults(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in COMPARED:
            other = COMPARED[type(operator)]
            yield f"{ast.unparse(node)}: {other.__name__}", _with(node, ops=[other()])
        case ast.BinOp(op=operator) if type(operator) in REPLACED:
            other = REPLACED[type(operator)]
            yield f"{ast.unparse(node)}: {other.__name__}", _with(node, op=other())
        case ast.BoolOp():
            other = ast.And if isinstance(node.op, ast.Or) else ast.Or
            yield f"{ast.unparse(node)}: {other.__name__}", _with(node, op=other())
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=inner):
            yield f"{ast.unparse(node)}: the sign is lost", inner
        case ast.Constant(value=bool() as value):
            yield f"{value}: {not value}", ast.Constant(not value, lineno=node.lineno)
        case ast.Constant(value=int() as value):
            yield f"{value}: {value + 1}", ast.Constant(value + 1, lineno=node.lineno)
        case ast.IfExp():
            yield (
                f"{ast.unparse(node)[:60]}: the wrong branch",
                _with(node, body=node.orelse, orelse=node.body),
            )
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield f"{ast.unparse(node)[:60]}: left out", ast.Pass(lineno=node.lineno)
        case ast.If() if not _is_for_types(node):
            yield f"if {ast.unparse(node.test)[:60]}: never", _with(node, test=ast.Constant(False))
        case ast.Return(value=ast.expr()):
            yield "return: nothing", _with(node, value=ast.Constant(None))


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed
