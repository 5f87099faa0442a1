"""A comparison on disk, and what is not one."""

import json

import pandas as pd
import pytest

from patchwidgets.errors import FileError
from patchwidgets.results import Result
from patchwidgets.results.comparison import Comparison
from tests import make_comparison_fixtures as synthetic


@pytest.fixture(scope="module")
def compared():
    return synthetic.compared(measured=200)


@pytest.fixture
def path(compared, tmp_path):
    return compared.save(tmp_path / "comparison.json")


def test_it_comes_back_as_it_was(compared, path):
    again = Comparison.load(path)
    assert again.methods == compared.methods
    assert again.code == compared.code
    pd.testing.assert_frame_equal(again.effects(), compared.effects())
    pd.testing.assert_frame_equal(again.detections(), compared.detections())
    assert again.done


def refusal(path, change):
    document = json.loads(path.read_text("utf-8"))
    change(document)
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(FileError) as caught:
        Comparison.load(path)
    return str(caught.value)


def test_another_document_is_refused(path):
    said = refusal(path, lambda document: document.update(format="patchwidgets-result"))
    assert said == (
        f"`{path}` is not a patchwidgets comparison: its `format` is 'patchwidgets-result', not "
        "'patchwidgets-comparison'. `Comparison.load` opens what `Comparison.save` wrote; a single "
        "result is opened with `Result.load`."
    )


def test_a_newer_one_is_refused(path):
    said = refusal(path, lambda document: document.update(schema_version=2))
    assert said == (
        f"`{path}` has schema version 2, but this patchwidgets reads comparisons up to version 1, "
        "and a field of a newer version may mean something else. Upgrade with `pip install "
        "--upgrade patchwidgets`."
    )


DAMAGE = {
    "field `settings.0.window`: input should be greater than or equal to 1": lambda document: (
        document["settings"][0].update(window=0)
    ),
    "one of its settings is there twice": lambda document: document["settings"].append(
        document["settings"][0]
    ),
    "its results have different metrics": lambda document: document["settings"][0].update(
        result=one_metric()
    ),
    "field `settings`: list should have at least 1 item": lambda document: document[
        "settings"
    ].clear(),
}


def one_metric():
    """Return the document of a result of one metric only."""
    whole = synthetic.result(0, {}, None)
    values, status, baseline = whole.numbers()
    return Result(
        whole.plan,
        metrics=whole.metrics[:1],
        direction="denoising",
        baseline=type(baseline)(baseline.clean[:1], baseline.corrupted[:1]),
        groups=whole.groups,
        provenance={},
        values=values[:1],
        status=status,
    ).to_json()


@pytest.mark.parametrize("what", DAMAGE)
def test_what_does_not_hold_together_is_named(path, what):
    assert f"is damaged: {what}" in refusal(path, DAMAGE[what])


def test_what_json_does_not_know_is_refused_before_anything_is_written(tmp_path):
    compared = synthetic.compared()
    compared.results[synthetic.NOISED].provenance["model"] = {"size": float("nan")}
    with pytest.raises(FileError, match="cannot be written to a result file"):
        compared.save(tmp_path / "never.json")
    assert list(tmp_path.iterdir()) == []
