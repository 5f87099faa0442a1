"""What is installed is what is in the repository, asks no network, and may be used.

The wheel is built twice and compared. A study is opened, swept and saved where every connection
and every look-up of a name raises. The licences of everything that is installed with the package
are read.
"""

import hashlib
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.prove._proof import Proof

PROMISE = "the wheel is reproducible, asks no network, and every licence in it is known"

ROOT = Path(__file__).parents[2]
BUILD = "import sys; from hatchling import build; print(build.build_wheel(sys.argv[1]))"

OFFLINE = """
import sys
def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        raise SystemExit(f"the network was asked: {event} {args!r}")
sys.addaudithook(refuse)
import patchwidgets as pw
study = pw.Study(pw.load_model(), "agreement", n=4)
heads = study.sweep("heads").wait()
study.path([f"{heads.detect().positive[0]}.v"]).wait()
study.save("one.study.json")
study.to_html("one.html")
pw.open_study("one.study.json").table()
print("nothing was asked")
"""

OPEN = (
    "MIT", "BSD", "Apache", "Python", "PSF", "ISC", "MPL", "Mozilla", "Unlicense", "HPND", "CNRI",
    "Zlib", "0BSD", "CC0",
)  # fmt: skip
"""Words of licences that let anybody use, change and pass on."""


def prove(times: int, seed: int = 0) -> Proof:
    """Build `times` wheels, run once without a network, and read every licence."""
    proof = Proof(PROMISE)
    with tempfile.TemporaryDirectory() as folder:
        wheels = {_hash(Path(folder) / str(number)) for number in range(times)}
        proof.count("wheels built", times)
        proof.fell += ["two wheels of one checkout differ"] if len(wheels) > 1 else []
        proof.count("runs without a network")
        proof.fell += _network(Path(folder))
    for name, licence in sorted(licences().items()):
        proof.count("licences read")
        if not any(word in licence for word in OPEN):
            proof.fell.append(f"{name} has the licence {licence!r}")
    return proof


def build(folder: Path) -> Path:
    """Return a wheel of this checkout, made in a folder."""
    made = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)], cwd=ROOT, capture_output=True, check=True
    )
    assert made.returncode == 0
    (wheel,) = folder.glob("*.whl")
    return wheel


def _hash(folder: Path) -> str:
    folder.mkdir()
    return hashlib.sha256(build(folder).read_bytes()).hexdigest()


def _network(folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode == 0 and done.stdout.endswith("nothing was asked\n"):
        return []
    return [f"a run without a network failed: {done.stderr[-300:]}"]


def licences() -> dict[str, str]:
    """Return the licence of every package that is installed with patchwidgets, by its name."""
    found: dict[str, str] = {}
    waiting = ["patchwidgets"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            one = distribution(name)
        except PackageNotFoundError:  # for another machine or Python
            continue
        found[name] = _licence(one)
        needed = [Requirement(line) for line in one.requires or []]
        waiting += [
            need.name.lower().replace("_", "-")
            for need in needed
            if need.marker is None or need.marker.evaluate({"extra": ""})
        ]
    return found


def _licence(one: Distribution) -> str:
    about = one.metadata.json
    found = about.get("license_expression", ""), about.get("license", "")
    classified = [line for line in about.get("classifier", []) if line.startswith("License")]
    return "; ".join(str(part)[:200] for part in (*found, *classified) if part)
