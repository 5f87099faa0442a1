"""The shape of the package, read from its source: who may import whom, and how large things are."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "patchwidgets"

LAYERS = [
    ["types", "errors", "jobs", "versions", "widening"],
    ["registry", "nodes", "terminal"],
    ["prompts", "metrics", "models.spec", "models.sites"],
    ["models", "plans"],
    ["results"],
    ["circuits"],
    ["advice"],
    ["engine", "views"],
    ["charts"],
    ["reports", "widgets"],
    ["advising"],
    ["saving"],
    ["undone"],
    ["opening", "baking", "refusing"],
    [
        *(
            "comparing",
            "describing",
            "estimating",
            "circuiting",
            "sending",
            "detailing",
            "exploring",
            "keeping",
        ),
    ],
    ["study"],
    ["paper"],
    ["recomputing"],
    ["cli"],
]
"""From the bottom; the longest name that fits a module decides. A module imports its own part and
the layers below."""

SAME_LAYER = {
    (
        "models.sites",
        "models.spec",
    ): "a site counts the heads of a model, whose sizes are plain data",
    ("metrics", "prompts.answers"): "a metric reads answer tokens, which are plain data",
    ("widgets", "reports"): "a notebook output carries the same page as a report",
}
"""Imports between parts of one layer, each with its reason."""

UPWARDS = {
    ("results.result", "views"): "a result prints itself as text; imported when it is printed",
    ("results.comparison", "views"): "a comparison prints itself, in the same way",
    ("results.result", "widgets"): "a result shows itself; imported when it is shown",
    ("results.result", "advice"): "a result advises on itself; imported when it is asked",
    ("results.comparison", "advice"): "a comparison advises on itself, in the same way",
    ("results.result", "charts"): "a result makes its charts; imported when one is asked for",
    ("results.comparison", "charts"): "a comparison makes its charts, in the same way",
    ("charts._chart", "widgets.bokeh_pane"): "a chart shows itself; imported when it is shown",
    ("charts._chart", "reports.figure"): "a chart writes its page; imported when it is written",
    ("results.comparison", "widgets"): "a comparison shows itself, in the same way",
    ("circuits.result", "widgets"): "a circuit shows itself, in the same way",
    ("circuits.result", "charts"): "a circuit draws its curve when asked",
    ("circuits.result", "reports._figures"): "a circuit becomes a figure, in the same way",
    ("circuits.result", "advice"): "a circuit advises on itself, in the same way",
    ("results.comparison", "reports.comparison"): "a comparison is saved as a page when asked",
    ("saving", "study"): "a saved study is made again; imported when it is asked for",
    ("results.result", "reports._figures"): "a result becomes a figure when asked",
    ("results.comparison", "reports._figures"): "a comparison becomes a figure, in the same way",
}
"""Imports against the layers, each with its reason."""

NEVER = [("views", "engine"), ("views", "models.bridge"), ("views", "models.load")]

ONLY_IN = {
    "transformer_lens": {
        *("models.bridge", "models.turns", "models.undisturbed"),
        *("models.load", "models.smollm2", "models.mini.bundled"),
    },
    "anywidget": {"widgets"},
    "ipywidgets": {"widgets"},
    "distributed": {"engine.cluster_worker"},
    "bokeh": {"charts._figure", "charts._bokehjs"},
    "matplotlib": {
        *("reports.map_figure", "reports._map_drawing", "reports._circuit_drawing"),
    },
}

OPEN_FOLDERS = [
    *("prompts.tasks", "prompts.corruptions", "metrics", "models.sites", "plans.sweeps"),
    *("advice", "paper"),
]
"""`views` is one too, but its members are parts of one another: the explorer holds heatmaps and
token strips."""

TORCH_FREE = [
    *("types", "errors", "registry", "nodes", "jobs", "prompts.pairs", "models.spec"),
    *("models.sites", "plans", "results", "circuits", "advice", "views", "reports", "saving"),
]
HEAVY = [
    *("torch", "transformer_lens", "transformers", "anywidget", "ipywidgets", "distributed"),
    "bokeh",
]
FIGURES = {"charts._figure"}

MAX_FILE, MAX_FUNCTION = 400, 60
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
"""Larger than allowed, each with its reason."""

DOOR = "__init__"
"""The public names of every part, loaded when they are first used."""

SOURCES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in SOURCES.items()}


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                inside = whole.removeprefix("patchwidgets.")
                yield node.lineno, whole if inside in SOURCES else node.module


def ours(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and name inside the package of everything of ours that a module imports."""
    for line, name in imports(tree):
        if name.startswith("patchwidgets."):
            yield line, name.removeprefix("patchwidgets.")


def within(module: str, part: str) -> bool:
    return module == part or module.startswith(f"{part}.")


def part_of(module: str) -> tuple[int, str]:
    """Return the layer a module is in, and the part of the package that puts it there."""
    fitting = [
        (level, part)
        for level, parts in enumerate(LAYERS)
        for part in parts
        if within(module, part)
    ]
    if not fitting:
        raise AssertionError(f"`{module}` is in no layer: add it to LAYERS")
    return max(fitting, key=lambda one: len(one[1]))


def where(module: str, line: int) -> str:
    return f"{SOURCES[module].relative_to(ROOT)}:{line}"


def allowed(module: str, imported: str) -> bool:
    if any(within(module, one) and within(imported, other) for one, other in UPWARDS):
        return True
    (level, part), (below, other) = part_of(module), part_of(imported)
    if any(within(module, one) and within(imported, two) for one, two in SAME_LAYER):
        return True
    return below < level or part == other


def test_imports_point_down():
    wrong = [
        f"{where(module, line)} imports {imported}"
        for module, tree in TREES.items()
        for line, imported in ours(tree)
        if module != DOOR and not allowed(module, imported)
    ]
    assert wrong == []


def test_what_is_drawn_never_imports_what_measures():
    wrong = [
        f"{where(module, line)} imports {imported}"
        for module, tree in TREES.items()
        for line, imported in ours(tree)
        for one, other in NEVER
        if within(module, one) and within(imported, other)
    ]
    assert wrong == []


def test_nothing_imports_the_front_door():
    wrong = [
        f"{where(module, line)} imports {imported}"
        for module, tree in TREES.items()
        for line, imported in ours(tree)
        if imported in ("study", "cli")
        and not any(within(module, one) for one in (DOOR, "paper", "cli", "saving"))
    ]
    assert wrong == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_in_its_own_place_only(library):
    wrong = [
        where(module, line)
        for module, tree in TREES.items()
        for line, imported in imports(tree)
        if within(imported, library) and not any(within(module, home) for home in ONLY_IN[library])
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", OPEN_FOLDERS)
def test_members_of_an_open_folder_never_import_each_other(folder):
    def member(module: str) -> bool:
        return within(module, folder) and not module.removeprefix(folder + ".").startswith("_")

    wrong = [
        f"{where(module, line)} imports {imported}"
        for module, tree in TREES.items()
        if module != folder and member(module)
        for line, imported in ours(tree)
        if imported != folder and member(imported)
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", OPEN_FOLDERS)
def test_nothing_outside_names_a_member_of_an_open_folder(folder):
    wrong = [
        f"{where(module, line)} imports {imported}"
        for module, tree in TREES.items()
        if not within(module, folder)
        for line, imported in ours(tree)
        if within(imported, folder)
        and imported != folder
        and not imported.removeprefix(folder + ".").startswith("_")
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", OPEN_FOLDERS)
def test_a_member_of_an_open_folder_exports_one_object(folder):
    for module, tree in TREES.items():
        name = module.removeprefix(folder + ".")
        if module == folder or not within(module, folder) or name.startswith("_"):
            continue
        exported = [
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "__all__"
        ]
        assert [len(names) for names in exported] == [1], module


def fresh(code: str) -> None:
    """Run code in a process of its own, where nothing is imported yet."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def import_each(modules: list[str], banned: list[str]) -> str:
    return (
        "import importlib, sys\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        f"    found = sorted(set(sys.modules) & set({banned!r}))\n"
        "    assert not found, f'{name} imports {found}'\n"
    )


def test_importing_the_package_imports_nothing_heavy():
    fresh(import_each(["patchwidgets"], [*HEAVY, "numpy", "pandas", "pydantic"]))
    fresh("import sys, patchwidgets; dir(patchwidgets); assert 'numpy' not in sys.modules")


def test_the_torch_free_half_imports_no_torch_and_no_widgets():
    modules = [
        f"patchwidgets.{module}"
        for module in SOURCES
        if any(within(module, part) for part in TORCH_FREE)
    ]
    assert len(modules) > 20
    fresh(import_each(modules, HEAVY))


def test_widgets_and_charts_import_no_torch():
    modules = [
        f"patchwidgets.{module}"
        for module in SOURCES
        if any(within(module, part) for part in ("widgets", "charts"))
    ]
    fresh(import_each(modules, ["torch", "transformer_lens", "transformers"]))


def test_bokeh_is_imported_only_where_a_figure_is_made():
    modules = [
        f"patchwidgets.{module}"
        for module in SOURCES
        if any(within(module, part) for part in ("widgets", "charts")) and module not in FIGURES
    ]
    assert "patchwidgets.charts.scatter" in modules
    fresh(import_each(modules, ["bokeh"]))


def test_matplotlib_is_imported_only_where_a_figure_is_made():
    modules = [
        f"patchwidgets.{module}"
        for module in SOURCES
        if any(within(module, part) for part in ("results", "views", "reports", "widgets"))
        and module not in ("reports._map_drawing", "reports._circuit_drawing")
    ]
    assert "patchwidgets.reports.map_figure" in modules
    fresh(import_each(modules, ["matplotlib"]))


def test_an_exception_has_one_text():
    """`raise ValueError("one", "two")` shows a tuple: a comma was typed for a line break."""
    wrong = [
        where(module, node.lineno)
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and len(node.args) > 1 and _is_text(node.args[0])
        if (_called(node).endswith("Error") or _called(node) in ("Cancelled", "Warning"))
    ]
    assert wrong == []


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def test_no_file_is_too_long():
    files = [*SOURCES.values(), *(ROOT / "tests").rglob("*.py")]
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files
    }
    long = {name for name, length in lengths.items() if length > MAX_FILE}
    assert long == set(LONG_FILES)


def test_no_function_is_too_long():
    long = set()
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[0]
                docstring = 0
                if ast.get_docstring(node) is not None:
                    docstring = (first.end_lineno or first.lineno) - first.lineno + 1
                if (node.end_lineno or node.lineno) - node.lineno + 1 - docstring > MAX_FUNCTION:
                    long.add(f"{module}.{node.name}")
    assert long == set(LONG_FUNCTIONS)


def test_every_thread_says_by_its_name_that_it_is_ours():
    """`jobs.in_background` asks: hooks of a run that goes on are none that were left."""
    started = [
        (module, ast.unparse(call))
        for module, tree in TREES.items()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("threading.Thread", "Thread")
    ]
    assert started
    assert [one for one in started if "name=f'{OURS}-" not in one[1]] == []
