"""A result on disk: exact, whole or not at all, and clear about what is wrong with a file."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest

from patchwidgets.errors import FileError
from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.results import Result
from patchwidgets.results._provenance import ProvenancePart
from patchwidgets.views._explorer import explorer

AFTER = (
    " It was cut short or changed after it was saved, so its numbers cannot be trusted. Use "
    "another copy, or measure and save it again."
)


@pytest.fixture
def saved(small, tmp_path):
    return small.save(tmp_path / "small.json")


@pytest.fixture
def spoil(saved, sentence):
    """Change the saved document and expect the message that loading it gives."""

    def change(edit, message):
        document = json.loads(saved.read_text())
        edit(document)
        saved.write_text(json.dumps(document))
        with pytest.raises(FileError, match=sentence(f"`{saved}` {message}")):
            Result.load(saved)

    return change


def test_round_trip_is_exact(small, tmp_path):
    odd = 1 / 3 + 2**-50
    small.record(2, np.array([[odd, -0.0, 1e300], [5e-324, 0.1, 0.2]]))
    small.record(0, np.array([[odd], [odd]]), prompts=[1])
    loaded = Result.load(small.save(tmp_path / "small.json"))
    for ours, theirs in zip(small.numbers()[:2], loaded.numbers()[:2], strict=True):
        assert ours.dtype == theirs.dtype
        assert ours.tobytes() == theirs.tobytes()
    assert loaded.baseline.clean.tobytes() == small.baseline.clean.tobytes()
    assert loaded.baseline.corrupted.tobytes() == small.baseline.corrupted.tobytes()
    assert loaded.plan == small.plan
    assert loaded.metrics == small.metrics
    assert loaded.direction == small.direction
    assert loaded.groups == small.groups
    assert loaded.provenance == small.provenance


def test_what_was_not_measured_is_still_nan(saved):
    loaded = Result.load(str(saved))
    np.testing.assert_array_equal(loaded.normalized().status, [[1, 2], [0, 3]])
    assert np.isnan(loaded.normalized()[1]).all()
    assert loaded.progress.state == "cancelled"
    loaded.record(2, np.zeros((2, 3)))
    assert loaded.progress.state == "done"


def test_path_plans_and_position_labels_come_back(path_plan, make_result, tmp_path):
    result = make_result(plan=path_plan)
    assert Result.load(result.save(tmp_path / "path.json")).plan == path_plan
    axes = (Axis("layer", (0,)), Axis("role", ("S2", "END")))
    patches = (Patch((Node("resid_pre", 0, position="S2"), Node("resid_mid", 0, position=3))),)
    roles = Plan("residual", patches, (PlanMap("residual", axes, (0, None)),))
    result = make_result(plan=roles)
    assert Result.load(result.save(tmp_path / "roles.json")).plan == roles


NULLABLE = [name for name, one in ProvenancePart.model_fields.items() if one.default is None]


@pytest.mark.parametrize("field", NULLABLE)
def test_what_is_null_in_a_provenance_was_left_out(saved, field):
    document = json.loads(saved.read_text())
    document["provenance"] |= {"corruption": "token_replacement", "mine": None, field: None}
    saved.write_text(json.dumps(document))
    loaded = Result.load(saved)
    assert field not in loaded.provenance
    assert loaded.provenance["mine"] is None
    assert "None" not in repr(loaded)
    assert loaded.advice()
    assert "None" not in explorer([loaded])[0].model_dump_json()


def test_a_document_can_live_inside_another(small):
    inside = json.loads(json.dumps({"result": small.to_json()}))
    loaded = Result.from_json(inside["result"], where="Result 1 of `x.study.json`")
    np.testing.assert_array_equal(loaded.normalized(), small.normalized())
    with pytest.raises(FileError, match=r"^Result 1 of `x.study.json` is not a patchwidgets"):
        Result.from_json({}, where="Result 1 of `x.study.json`")


def test_saving_replaces_the_file_whole_and_leaves_nothing_else(small, saved):
    first = saved.read_text()
    small.record(2, np.zeros((2, 3)))
    small.save(saved)
    assert saved.read_text() != first
    assert list(saved.parent.iterdir()) == [saved]


def test_a_save_that_fails_keeps_the_old_file(small, saved, sentence):
    first = saved.read_text()
    small.provenance["score"] = float("nan")
    message = (
        "`provenance['score']` is nan, which cannot be written to a result file. JSON knows text, "
        "finite numbers, `True`, `False`, `None`, lists and dicts with text as keys. Put one of "
        "these there, or remove it."
    )
    with pytest.raises(FileError, match=sentence(message)):
        small.save(saved)
    small.provenance["score"] = np.zeros(2)
    with pytest.raises(FileError, match=r"^`provenance\['score'\]` is array"):
        small.save(saved)
    assert saved.read_text() == first
    assert list(saved.parent.iterdir()) == [saved]


def test_a_missing_file_says_what_writes_one(tmp_path, sentence):
    path = tmp_path / "nothing.json"
    written = f"There is no file `{path}`. `result.save(path)` writes one."
    with pytest.raises(FileError, match=sentence(written)):
        Result.load(path)


def test_newer_schema(spoil):
    spoil(
        lambda document: document.update(schema_version=5, something="new"),
        "has schema version 5, but this patchwidgets reads results up to version 4, and a field "
        "of a newer version may mean something else. Upgrade with `pip install --upgrade "
        "patchwidgets`.",
    )


@pytest.mark.parametrize("found", ["patchwidgets-study", None])
def test_not_a_result(spoil, found):
    spoil(
        lambda document: document.update(format=found),
        f"is not a patchwidgets result: its `format` is {found!r}, not 'patchwidgets-result'. "
        "`Result.load` opens what `Result.save` wrote; a study is opened with `open_study`.",
    )


def test_json_that_is_no_object(saved, sentence):
    saved.write_text("[1, 2]")
    message = (
        f"`{saved}` is not a patchwidgets result: its `format` is None, not 'patchwidgets-result'. "
        "`Result.load` opens what `Result.save` wrote; a study is opened with `open_study`."
    )
    with pytest.raises(FileError, match=sentence(message)):
        Result.load(saved)


def test_cut_short(saved, sentence):
    saved.write_text('{"format": "patchwidgets-result", "schema')
    message = (
        f"`{saved}` is damaged: it is not complete JSON (Unterminated string starting at: line 1 "
        f"column 35 (char 34)).{AFTER}"
    )
    with pytest.raises(FileError, match=sentence(message)):
        Result.load(saved)


def test_not_text(saved, sentence):
    saved.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileError, match=sentence(f"`{saved}` is damaged: it is not text.{AFTER}")):
        Result.load(saved)


def test_a_file_that_is_somebody_elses(saved, monkeypatch, sentence):
    def denied(path, **_):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", denied)
    message = (
        f"`{saved}` cannot be read: Permission denied. Check that you may read it, or use another "
        "copy."
    )
    with pytest.raises(FileError, match=sentence(message)):
        Result.load(saved)


def test_a_number_of_thousands_of_digits(saved, sentence):
    text = saved.read_text(encoding="utf-8")
    saved.write_text(text.replace('"schema_version": ', f'"schema_version": {"9" * 5000}'))
    what = "a number in it has thousands of digits"
    with pytest.raises(FileError, match=sentence(f"`{saved}` is damaged: {what}.{AFTER}")):
        Result.load(saved)


def test_what_is_quoted_of_a_file_is_cut(spoil):
    long = "x" * 1_000_000
    spoil(
        lambda d: d.update(format=long),
        f"is not a patchwidgets result: its `format` is '{'x' * 149} … {'x' * 149}', not "
        "'patchwidgets-result'. `Result.load` opens what `Result.save` wrote; a study is opened "
        "with `open_study`.",
    )


def test_endless_nesting(saved):
    saved.write_text("[" * 100_000)
    with pytest.raises(FileError, match=r"is damaged: it is not complete JSON"):
        Result.load(saved)


PROMPT = {
    "clean": ["The", " key"],
    "corrupted": ["The", " keys"],
    "clean_ids": [1, 2],
    "corrupted_ids": [1, 3],
    "roles": {},
    "answers": [" is"],
    "wrong_answers": [" are"],
    "group": "",
    "right": True,
}


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (
            lambda d: d["arrays"]["values"].update(data="AAAA"),
            "array `values` has 3 bytes instead of 144",
        ),
        (
            lambda d: d["arrays"]["clean"].update(data="!" + d["arrays"]["clean"]["data"][1:]),
            "array `clean` is not base64",
        ),
        (
            lambda d: d["arrays"]["clean"].update(data="é" + d["arrays"]["clean"]["data"][1:]),
            "array `clean` is not base64",
        ),
        (
            lambda d: d["arrays"]["status"].update(shape=[9]),
            "array `status` has the shape [9], but the plan, the metrics and the prompts make it "
            "[3, 3]",
        ),
        (
            lambda d: d["arrays"]["status"].update(data="CQkJCQkJCQkJ"),
            "array `status` holds a number that has no meaning",
        ),
        (
            lambda d: d["groups"].append("one more"),
            "array `values` has the shape [2, 3, 3], but the plan, the metrics and the prompts "
            "make it [2, 3, 4]",
        ),
        (
            lambda d: d["arrays"]["values"].update(shape=[2, -3, 3]),
            "field `arrays.values.shape.1`: input should be greater than or equal to 0",
        ),
        (lambda d: d.update(groups="ABBA"), "field `groups`: input should be a valid list"),
        (
            lambda d: d.update(groups=[]),
            "field `groups`: list should have at least 1 item after validation, not 0",
        ),
        (
            lambda d: d.update(direction="forward"),
            "field `direction`: input should be 'denoising' or 'noising'",
        ),
        (lambda d: d.pop("provenance"), "field `provenance`: field required"),
        (lambda d: d.update(extra=1), "field `extra`: extra inputs are not permitted"),
        (
            lambda d: d.update(schema_version="1"),
            "field `schema_version`: input should be a valid integer",
        ),
        (
            lambda d: d["metrics"][0].update(unit="bit"),
            "field `metrics.0.unit`: input should be 'logit', 'nat', 'probability', "
            "'rank', 'share' or 'ratio'",
        ),
        (
            lambda d: d["plan"]["maps"][0]["cells"].__setitem__(0, 1),
            "map `heads` has one patch in two cells",
        ),
        (
            lambda d: d["provenance"].update(code="\ud800"),
            "it has half of a character",
        ),
        (
            lambda d: d["metrics"][1].update(name="logit_diff"),
            "the metric 'logit_diff' is there twice",
        ),
        (
            lambda d: d["plan"]["maps"].append(d["plan"]["maps"][0]),
            "the map 'heads' is there twice",
        ),
        (
            lambda d: d["plan"]["maps"][0]["axes"][1][1].__setitem__(0, 1),
            "the label of `head` in map `heads` 1 is there twice",
        ),
        (
            lambda d: d["provenance"].update(noise_floor={"logit_diff": -1}),
            "field `provenance.noise_floor.logit_diff`: input should be greater than or equal to 0",
        ),
        (
            lambda d: d["provenance"].update(dtype=["float16"]),
            "field `provenance.dtype`: input should be a valid string",
        ),
        (
            lambda d: d["provenance"].update(prepend_bos="yes"),
            "field `provenance.prepend_bos`: input should be a valid boolean",
        ),
        (
            lambda d: d["plan"]["patches"][0].update(nodes=[]),
            "field `plan.patches.list[union[NodesPart,PathPart]].0.NodesPart.nodes`: list should "
            "have at least 1 item after validation, not 0",
        ),
        (
            lambda d: d["provenance"].update(prompts=[PROMPT | {"clean_ids": [1]}]),
            "field `provenance.prompts.0`: value error, its tokens and ids have [2, 2, 1, 2] "
            "entries",
        ),
        (
            lambda d: d["provenance"].update(prompts=[PROMPT | {"roles": {"S2": "second"}}]),
            "field `provenance.prompts.0.roles.S2`: input should be a valid integer",
        ),
        (
            lambda d: d["plan"]["maps"][0]["cells"].pop(),
            "map `heads` has 3 cells instead of 4",
        ),
        (
            lambda d: d["plan"]["maps"][0]["cells"].__setitem__(0, 3),
            "map `heads` has a cell beyond the 3 patches",
        ),
        (
            lambda d: d["plan"]["patches"][0].update(nodes=["head nine"]),
            "field `plan`: 'head nine' is not the name of a node",
        ),
    ],
)
def test_damage(spoil, edit, what):
    spoil(edit, f"is damaged: {what}.{AFTER}")
