"""`patchwidgets paper`: what it prints and writes, and how it refuses."""

import errno
import json

import pytest

from patchwidgets.cli import main
from patchwidgets.paper import CLAIMS, _command
from tests.models.tiny_ioi import tiny_ioi


@pytest.fixture(autouse=True)
def tiny_model(monkeypatch):
    """Every model name loads the tiny model, and the terminal is wide."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(_command, "load_model", lambda name: tiny_ioi())


def test_it_prints_and_writes_what_it_measured(capsys, tmp_path):
    page, data = tmp_path / "paper.html", tmp_path / "paper.json"
    asked = ["--claims", "noise_keeps_the_answer", "--n", "3", "--draws", "3"]
    assert main(["paper", *asked, "--html", str(page), "--json", str(data)]) == 0
    printed = capsys.readouterr()
    assert "1 of 18 claims on tiny-ioi, 3 pairs" in printed.err
    document = json.loads(data.read_text(encoding="utf-8"))
    assert document["noise_draws"] == 3
    assert "3 draws of noise" in " ".join(printed.out.split())
    (claim,) = document["claims"]
    assert f"{claim['checks'][0]['value']:.3g} [" in printed.out
    assert "3 pairs, and 20 are needed" in printed.out
    assert claim["verdict"] == "cannot be said"
    assert "noise_keeps_the_answer" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_a_disk_that_is_full_leaves_the_old_file(capsys, tmp_path, refusing, option):
    path = tmp_path / "file"
    path.write_text("old")
    refusing(errno.ENOSPC)
    asked = ["--claims", "noise_keeps_the_answer", "--n", "3", "--draws", "3"]
    assert main(["paper", *asked, option, str(path)]) == 1
    assert " ".join(capsys.readouterr().err.split()).endswith(
        f"patchwidgets: `{path}` cannot be written: no space left on device. Make room on that "
        "disk, or name a folder on another; what was measured is still here."
    )
    assert path.read_text() == "old"


KNOWN = ", ".join(f"`{name}`" for name in CLAIMS.names())

REFUSED = {
    "an unknown claim": (
        ["--claims", "circuit_heads,noise_peek"],
        "There is no claim called 'noise_peek'. Did you mean `noise_peak`? Known: " + KNOWN + ".",
    ),
    "no claim": (
        ["--claims", ","],
        "The list of claims is empty, so nothing would be measured. Name one or more, such as "
        "`arithmetic_replacement_sharper`, or leave `claims` out for all.",
    ),
    "no pairs": (
        ["--n", "0"],
        "0 prompt pairs were asked for. Nothing can be measured on fewer than one, and nothing is "
        "decided on fewer than 20. Set `n` to 32, or leave it out.",
    ),
    "no draws": (
        ["--draws", "0"],
        "0 draws of noise were asked for. Noise is drawn at least once for every prompt pair. Set "
        "`draws` to 10, as in the code of Meng et al. 2022, or leave it out for 2.",
    ),
    "no time": (
        ["--minutes", "0"],
        "0 minutes leave no time to measure anything. Set `minutes` to 30, or leave it out.",
    ),
    "no folder": (
        ["--json", "no/such/folder/x.json"],
        "There is no folder `no/such/folder`, so `x.json` cannot be written there. Make it first, "
        "or name another.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_means_nothing_is_refused_before_anything_is_measured(capsys, what):
    options, sentence = REFUSED[what]
    assert main(["paper", *options]) == 1
    printed = capsys.readouterr()
    assert " ".join(printed.err.split()) == f"patchwidgets: {sentence}"
    assert printed.out == ""


def test_an_interrupt_ends_with_its_own_status(capsys, monkeypatch):
    def interrupted(*_, **options):
        def tell(line):
            raise KeyboardInterrupt

        first = options["tell"]
        options["tell"] = lambda line: tell(line) if "noise" in line else first(line)
        return measure(*_, **options)

    measure = _command.measure
    monkeypatch.setattr(_command, "measure", interrupted)
    assert main(["paper", "--claims", "noise_keeps_the_answer", "--n", "2"]) == 130
    out = capsys.readouterr().out
    assert "not measured" in out
    assert "stopped" in out
