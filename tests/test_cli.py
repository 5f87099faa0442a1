"""The command line: what it prints, what it writes, and how it fails."""

import errno
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import patchwidgets as pw
from patchwidgets import study as study_module
from patchwidgets.cli import main
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.views._wire import ArrayRef, block_of, read_array
from tests.models.tiny_ioi import ioi_study, tiny_ioi
from tests.test_html import stored_in

RUN = ["run", "ioi", "--no-known"]
"""Random weights may do the task on no prompt."""

pytestmark = pytest.mark.filterwarnings("ignore:.* prefers the answer on :UserWarning")

ROW = re.compile(r"[│|]\s*(L\d+H\d+)\s*[│|]\s*([+−-]\S+)\s*[│|]\s*([+−-]\S+)\s*[│|]\s*(\S+)\s*[│|]")


@pytest.fixture(autouse=True)
def tiny_model(monkeypatch):
    """Every model name loads the tiny model, and the terminal is wide."""
    monkeypatch.setenv("COLUMNS", "200")
    asked = []

    def load(name):
        asked.append(name)
        return tiny_ioi()

    monkeypatch.setattr(study_module, "load_model", load)
    return asked


def study(**options):
    """Return the study that the command line makes."""
    return ioi_study(**{"n": 4, "seed": 0} | options)


def rows(printed):
    """Return the printed table: node, and the three numbers as written."""
    return [match.groups() for match in map(ROW.search, printed.splitlines()) if match]


def written(table, metric="logit_diff"):
    """Return the first rows of a result's table as the command line writes them."""
    return [
        (
            row["node"],
            f"{row[f'{metric}_normalized']:+.3f}",
            f"{row[f'{metric}_effect']:+.3f}",
            f"{row[f'{metric}_stderr']:.3f}",
        )
        for _, row in table.head(10).iterrows()
    ]


def payload_of(page):
    (payload,) = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    return stored_in(payload)


def keys_of(path):
    """Return the keys of the maps on a page."""
    return [one["key"] for one in payload_of(path.read_text(encoding="utf-8"))["header"]["maps"]]


def drawn(path, name):
    """Return one array of the first map on a page, for the first metric: layer by head."""
    payload = payload_of(path.read_text(encoding="utf-8"))
    reference = ArrayRef(**payload["header"]["maps"][0][name])
    return read_array(reference, block_of(payload))[0]


def test_run_prints_the_strongest_heads(capsys, tiny_model):
    assert main([*RUN, "--model", "mine", "--n", "4"]) == 0
    printed = capsys.readouterr().out
    assert tiny_model == ["mine"]
    assert "Study of Indirect object identification on tiny-ioi: 4 pairs" in printed
    assert "  roles      " in printed
    assert "strongest of 12 patches, denoising" in printed
    assert rows(printed) == written(study().sweep("heads").table())


def test_run_hands_every_option_on(capsys):
    options = ["--seed", "7", "--at", "ABC", "--metric", "prob", "kl_div", "--direction", "noising"]
    assert main([*RUN, "--n", "3", *options]) == 0
    printed = capsys.readouterr().out
    asked = study(n=3, seed=7, at="ABC", metric=["prob", "kl_div"], direction="noising")
    assert "strongest of 12 patches, noising" in printed
    assert "Probability: " in printed
    assert "KL divergence from clean: " in printed
    assert rows(printed) == written(asked.sweep("heads").table(), "prob")


def test_run_estimates_first_and_prints_the_agreement(capsys):
    options = ["--n", "4", "--estimate", "attribution", "--top", "5"]
    assert main([*RUN, *options]) == 0
    printed = capsys.readouterr().out
    result = study().sweep("heads", estimate="attribution", top=5)
    assert f"estimated by attribution: {result.agreement()}" in printed.splitlines()
    assert "over 5 of 12 cells measured" in printed
    assert main([*RUN, "--n", "4", "--top", "5"]) == 1
    assert "patchwidgets: `top=5` measures the cells with" in capsys.readouterr().err


def test_run_knows_noise_windows_and_what_the_model_knows(capsys):
    options = ["--corruption", "gaussian_noise", "--k", "5", "--draws", "2", "--known"]
    assert main([*RUN, "--n", "3", "--sweep", "mlp", "--window", "2", *options]) == 0
    printed = capsys.readouterr().out
    assert "gaussian_noise: 5 x " in printed
    assert ", 2 draws, seed 0" in printed
    assert "kept what the model knows (preferred): " in printed
    assert "strongest of 5 patches, denoising" in printed


def test_run_compares_corruptions(capsys, tmp_path):
    page = tmp_path / "compared.html"
    asked = ["--compare", "token_replacement", "gaussian_noise:S2", "--draws", "2"]
    options = ["--sweep", "mlp", "--html", str(page)]
    assert main([*RUN, "--n", "3", *asked, *options]) == 0
    printed = capsys.readouterr().out
    assert "Indirect object identification: MLPs by 2 methods" in printed
    assert "detected (1 positive, -1 negative):" in printed
    assert page.is_file()


def test_run_refuses_what_a_comparison_has_not(capsys):
    asked = ["--compare", "token_replacement", "gaussian_noise", "--drill", "2"]
    assert main([*RUN, "--n", "3", *asked]) == 1
    assert capsys.readouterr().err.replace("\n", " ").strip() == (
        "patchwidgets: `--compare` measures every map whole and opens no path maps, so `--drill` "
        "has nothing to do there. Leave one of them out."
    )


def test_run_refuses_a_size_that_a_corruption_has_not(capsys):
    assert main([*RUN, "--n", "3", "--k", "2"]) == 1
    assert capsys.readouterr().err.replace("\n", " ").strip() == (
        "patchwidgets: `--k` was given, and `token_replacement` has no `k`: it is a setting of "
        "noise. Name one, as in `--corruption gaussian_noise`, or leave it out."
    )


def test_run_with_another_sweep(capsys):
    assert main([*RUN, "--n", "4", "--sweep", "mlp"]) == 0
    printed = capsys.readouterr().out
    assert "strongest of 3 patches" in printed
    assert all(f"L{layer}.mlp_out" in printed for layer in range(3))


def test_save_writes_a_result_that_loads(capsys, tmp_path):
    path = tmp_path / "heads.json"
    assert main([*RUN, "--n", "4", "--save", str(path)]) == 0
    assert f"saved {path}" in capsys.readouterr().out
    loaded, asked = pw.Result.load(path), study().sweep("heads")
    np.testing.assert_allclose(loaded.effect(), asked.effect(), atol=1e-6)
    assert loaded.provenance["model"]["name"] == "tiny-ioi"


def test_html_writes_a_page_of_the_same_map(capsys, tmp_path):
    page = tmp_path / "ioi.html"
    assert main([*RUN, "--n", "4", "--html", str(page)]) == 0
    assert f"wrote {page}: open it in a browser" in capsys.readouterr().out
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert keys_of(page) == ["heads"]
    asked = study().sweep("heads")
    np.testing.assert_allclose(drawn(page, "value"), asked.normalized(), atol=1e-5)
    np.testing.assert_allclose(drawn(page, "effect"), asked.effect().mean("prompt"), atol=1e-5)


def test_drill_measures_what_feeds_the_strongest_heads(capsys, tmp_path):
    page = tmp_path / "ioi.html"
    assert main([*RUN, "--n", "4", "--drill", "2", "--html", str(page)]) == 0
    strongest = [row[0] for row in rows(capsys.readouterr().out)][:2]
    expected = ["heads"]
    for name in strongest:
        layer, head = (int(number) for number in re.findall(r"\d+", name))
        for site, index in (("q", head), ("k", head // 2), ("v", head // 2)):
            expected.append(f"L{layer}H{index}.{site}")
    assert keys_of(page) == list(dict.fromkeys(expected))


def test_drill_of_a_sweep_without_heads_measures_no_paths(capsys, tmp_path):
    page = tmp_path / "ioi.html"
    arguments = ["--n", "4", "--sweep", "mlp", "--drill", "2", "--html", str(page)]
    assert main([*RUN, *arguments]) == 0
    assert keys_of(page) == ["mlp"]


def test_view_prints_what_run_printed(capsys, tmp_path):
    path, page = tmp_path / "heads.json", tmp_path / "again.html"
    main([*RUN, "--n", "4", "--save", str(path)])
    first = capsys.readouterr().out
    assert main(["view", str(path), "--html", str(page)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(
        "Indirect object identification\nmodel tiny-ioi · pairs 4 · corruption token replacement "
        "at S2 · direction denoising\nWhich heads restore the answer? (heads)\n"
    )
    assert rows(printed) == rows(first)
    assert keys_of(page) == ["heads"]


def test_tasks_lists_every_task_and_its_corruption_sites(capsys):
    assert main(["tasks"]) == 0
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert [line.split()[0] for line in lines if line[0] != " "] == TASKS.names()
    (at,) = [k for k, line in enumerate(lines) if line.startswith("ioi ")]
    assert lines[at].endswith("Indirect object identification. Wang et al. 2022, arXiv 2211.00593")
    assert [line.split(":")[0].strip() for line in lines[at + 1 : at + 4]] == [
        "--at S2",
        "--at S1+IO",
        "--at ABC",
    ]


def test_models_lists_those_that_need_no_hub_first(capsys):
    assert main(["models"]) == 0
    names = capsys.readouterr().out.splitlines()
    assert names[:2] == ["mini", "smollm2-135m"]
    assert "gpt2" in names


ERRORS = {
    "task": (
        ["run", "iio"],
        "patchwidgets: There is no task called 'iio'. Did you mean `ioi`? Known: `agreement`, "
        "`arithmetic`, `capitals`, `docstring`, `facts`, `gendered_pronoun`, `greater_than`, "
        "`induction`, `ioi`, `paired_facts`.",
    ),
    "metric": (
        ["run", "ioi", "--metric", "logitdiff"],
        "patchwidgets: There is no metric called 'logitdiff'. Did you mean `logit_diff`? Known: "
        "`continuation_diff`, `continuation_logprob`, `kl_div`, `logit_diff`, `logprob`, `prob`, "
        "`prob_diff`, `rank`, `stolfo`, `top_k`.",
    ),
    "direction": (
        ["run", "ioi", "--direction", "backwards"],
        "patchwidgets: There is no direction called 'backwards'. Known: `denoising`, `noising`.",
    ),
    "sweep": (
        ["run", "ioi", "--n", "2", "--sweep", "hedas"],
        "patchwidgets: There is no sweep called 'hedas'. Did you mean `heads`? Known: `attn`, "
        "`heads`, `joint`, `mlp`, `neurons`, `pattern`, `residual`.",
    ),
    "site": (
        ["run", "ioi", "--at", "S3"],
        "patchwidgets: There is no corruption site called 'S3'. Did you mean `S2`? Known: `S2`, "
        "`S1+IO`, `ABC`.",
    ),
    "n": (
        ["run", "ioi", "--n", "0"],
        "patchwidgets: `n=0` prompt pairs were asked for. A measurement needs at least one, and "
        "100 or more for a stable picture. Pass `n=64`.",
    ),
}


@pytest.mark.parametrize("what", ERRORS)
def test_an_error_is_one_sentence_on_stderr_and_status_1(capsys, what):
    arguments, sentence = ERRORS[what]
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert " ".join(printed.err.split()) == sentence
    assert "Traceback" not in printed.err


def one_line(text):
    return " ".join(text.split())


def test_a_file_that_is_not_there(capsys, tmp_path):
    path = tmp_path / "none.json"
    assert main(["view", str(path)]) == 1
    assert one_line(capsys.readouterr().err) == (
        f"patchwidgets: There is no file `{path}`, so there is nothing to view. `patchwidgets run "
        "ioi --save heads.json` writes one."
    )


def test_a_file_that_is_not_ours(capsys, tmp_path):
    path = tmp_path / "x.json"
    path.write_text("{}")
    assert main(["view", str(path)]) == 1
    assert one_line(capsys.readouterr().err) == (
        f"patchwidgets: `{path}` is not a patchwidgets result: its `format` is None, not "
        "'patchwidgets-result'. `Result.load` opens what `Result.save` wrote; a study is opened "
        "with `open_study`."
    )


@pytest.mark.parametrize("option", ["--save", "--html"])
def test_a_folder_that_is_not_there_is_found_out_before_measuring(capsys, tmp_path, option):
    path = tmp_path / "no" / "such" / "file"
    assert main([*RUN, "--n", "2", option, str(path)]) == 1
    printed = capsys.readouterr()
    assert one_line(printed.err) == (
        f"patchwidgets: There is no folder `{path.parent}`, so `file` cannot be written there. "
        "Make it first, or name another."
    )
    assert printed.out == ""


@pytest.mark.parametrize("option", ["--save", "--html"])
def test_a_disk_that_is_full_leaves_the_old_file(capsys, tmp_path, refusing, option):
    path = tmp_path / "file"
    path.write_text("old")
    refusing(errno.ENOSPC)
    assert main([*RUN, "--n", "2", option, str(path)]) == 1
    assert one_line(capsys.readouterr().err).endswith(
        f"patchwidgets: `{path}` cannot be written: no space left on device. Make room on that "
        "disk, or name a folder on another; what was measured is still here."
    )
    assert path.read_text() == "old"


def test_a_command_that_is_none(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["dance"])
    assert ended.value.code == 2
    assert "invalid choice: 'dance'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_real_run_prints_and_writes_the_same_numbers(tmp_path):
    page, saved = tmp_path / "ioi.html", tmp_path / "ioi.json"
    command = ["-m", "patchwidgets.cli", "run", "ioi", "--model", "smollm2-135m", "--n", "4"]
    outputs = ["--html", str(page), "--save", str(saved)]
    done = subprocess.run(
        [sys.executable, *command, *outputs],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "200", "HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode == 0, done.stderr
    printed = rows(done.stdout)
    assert len(printed) == 10
    assert printed == written(pw.Result.load(saved).table())
    for node, normalized, effect, _ in printed:
        cell = tuple(int(number) for number in re.findall(r"\d+", node))
        assert f"{drawn(page, 'value')[cell]:+.3f}" == normalized
        assert f"{drawn(page, 'effect')[cell]:+.3f}" == effect
