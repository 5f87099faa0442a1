"""Small faults put into source code, one at a time: what a slip of the hand would make."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

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
    """

    line: int
    function: str
    fault: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """Return every fault that is put into a module, in the order of its lines."""
    tree = ast.parse(source)
    found = []
    for path, function in _nodes(tree, (), ""):
        node = _at(tree, path)
        for fault, changed in _faults(node):
            made = copy.deepcopy(tree)
            _put(made, path, changed)
            text = ast.unparse(ast.fix_missing_locations(made))
            found.append(Mutant(getattr(node, "lineno", 0), function, fault, text))
    return sorted(found, key=lambda one: (one.line, one.fault))


Path = tuple[tuple[str, int | None], ...]


def _nodes(node: ast.AST, path: Path, function: str) -> Iterator[tuple[Path, str]]:
    """Yield where every expression and statement is that a fault can be in."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases", "keywords_of_class"):
            continue
        listed = value if isinstance(value, list) else [value]
        for index, child in enumerate(listed):
            if not isinstance(child, ast.AST) or _is_docstring(child):
                continue
            place = (*path, (name, index if isinstance(value, list) else None))
            inside = function
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inside = f"{function}.{child.name}".lstrip(".")
            if hasattr(child, "lineno"):
                yield place, inside
            yield from _nodes(child, place, inside)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


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
        case ast.If():
            yield f"if {ast.unparse(node.test)[:60]}: never", _with(node, test=ast.Constant(False))
        case ast.Return(value=ast.expr()):
            yield "return: nothing", _with(node, value=ast.Constant(None))


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed
