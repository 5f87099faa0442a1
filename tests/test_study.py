"""The front door: what a study gives."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import patchwidgets as pw
from patchwidgets import study as study_module
from patchwidgets.prompts.tasks import TASKS
from tests.families import FAMILIES, PAIRS, RAGGED, bridge_of, study_of, tiny
from tests.models.tiny_ioi import ioi_study, tiny_ioi

WEAK = "ignore:.* prefers the answer on :UserWarning"


def fresh(family="llama"):
    """Return a model of its own, which a test may change."""
    torch.manual_seed(0)
    return bridge_of(FAMILIES[family](), f"fresh-{family}")


def test_baselines_are_the_models_own_logits():
    study = study_of(tiny("llama"), RAGGED, metric=["logit_diff", "prob"])
    table = study.baselines()
    columns = ["logit_diff clean", "logit_diff corrupted", "prob clean", "prob corrupted"]
    assert list(table.columns) == ["group", *columns, "right"]
    assert table.index.name == "pair"
    tokenizer = study.model.tokenizer
    for i in range(4):
        for side in ("clean", "corrupted"):
            ids = [
                tokenizer.bos_token_id,
                *tokenizer.encode(RAGGED[side][i], add_special_tokens=False),
            ]
            with torch.inference_mode():
                logits = study.model(torch.tensor([ids]))[0, -1]
            answer, wrong = (
                tokenizer.convert_tokens_to_ids(RAGGED[name][i])
                for name in ("answers", "wrong_answers")
            )
            gap = float(logits[answer] - logits[wrong])
            assert table[f"logit_diff {side}"][i] == pytest.approx(gap, abs=1e-5)
            prob = float(logits.softmax(-1)[answer])
            assert table[f"prob {side}"][i] == pytest.approx(prob, abs=1e-6)
            if side == "clean":
                assert table["right"][i] == (gap > 0)


@pytest.mark.parametrize("direction", ["denoising", "noising"])
def test_baselines_do_not_depend_on_the_direction(direction):
    wanted = study_of(tiny("llama"), PAIRS).baselines()
    pd.testing.assert_frame_equal(
        study_of(tiny("llama"), PAIRS, direction=direction).baselines(), wanted
    )


def test_by_group_has_a_row_per_template():
    study = ioi_study(n=60)
    table, every = study.by_group(), study.baselines()
    assert list(table.columns) == [
        "logit_diff clean",
        "logit_diff corrupted",
        "share right",
        "pairs",
    ]
    assert len(table) == 30
    assert set(table["pairs"]) == {2}
    one = every[every["group"] == "ABBA 3"]
    assert table.loc["ABBA 3", "share right"] == one["right"].mean()
    assert table.loc["ABBA 3", "logit_diff clean"] == pytest.approx(one["logit_diff clean"].mean())


def test_keep_is_a_study_of_some_groups_with_the_same_numbers():
    study = ioi_study(n=30)
    groups = ["BABA 6", "ABBA 6"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = study.keep(groups)
    assert {pair.group for pair in kept.prompts.pairs} == set(groups)
    assert len(kept.prompts.groups) == 1
    whole = study.sweep("heads").effect()
    part = kept.sweep("heads").effect()
    mine = whole.isel(prompt=[group in groups for group in whole.group.values])
    np.testing.assert_allclose(part, mine, atol=1e-5)
    assert list(part.group.values) == list(mine.group.values)
    assert (kept.metrics, kept.direction) == (study.metrics, study.direction)
    assert len(study.prompts.pairs) == 30


def test_keep_takes_one_group_by_its_name():
    study = ioi_study(n=30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert len(study.keep("BABA 6").prompts.pairs) == 1


def test_keep_warns_where_the_model_fails_the_groups():
    study = ioi_study(n=30)
    right = study.by_group()["share right"]
    failed = list(right[right == 0].index)
    with pytest.warns(UserWarning, match=r"^`tiny-ioi` prefers the answer on 0 of 15 clean"):
        study.keep(failed)


def test_the_repr_says_what_is_studied():
    study = study_of(tiny("llama"), PAIRS, metric=["logit_diff", "prob"])
    first, *_ = text = repr(study).split("\n")
    right = study.baselines()["right"].mean()
    assert first == (
        f"Study of your own prompt pairs on tiny-llama: 3 pairs, right on {right:.0%} of the clean "
        "prompts"
    )
    assert text[1].startswith("Logit difference: ")
    assert text[1].endswith(" corrupted (logit)")
    assert text[2].endswith(" corrupted (probability)")
    assert "  clean      <bos>When Mary and John went to the store, [John] gave a bag to" in text


def test_own_prompt_pairs_and_several_answers():
    pairs = PAIRS | {"answers": [[" Mary", " Sara"], " Tom", " Sara"]}
    study = study_of(tiny("llama"), pairs)
    single = study_of(tiny("llama"), PAIRS).baselines()
    table = study.baselines()
    assert table["logit_diff clean"][0] != single["logit_diff clean"][0]
    np.testing.assert_allclose(table["logit_diff clean"][1:], single["logit_diff clean"][1:])
    assert study.sweep("mlp").normalized().shape == (3,)


def test_several_metrics_off_one_run_are_those_of_one_at_a_time():
    names = ["logit_diff", "prob", "kl_div"]
    together = study_of(tiny("llama"), RAGGED, metric=names)
    result = together.sweep("heads")
    assert [metric.name for metric in together.metrics] == names
    for name in names:
        alone = study_of(tiny("llama"), RAGGED, metric=name).sweep("heads")
        np.testing.assert_allclose(alone.effect(), result.effect(name), atol=1e-6)
        table = alone.table().set_index("node")
        both = result.table().set_index("node").loc[table.index]
        np.testing.assert_allclose(table[f"{name}_effect"], both[f"{name}_effect"], atol=1e-6)


def test_your_own_metric_beside_ours():
    def answer_logit(logits, answers, reference):
        columns = [ids[0] for ids in answers.right]
        return logits[..., columns].diagonal(dim1=-2, dim2=-1)

    result = study_of(tiny("llama"), PAIRS, metric=["logit_diff", answer_logit]).sweep("heads")
    assert [metric.label for metric in result.metrics] == ["Logit difference", "answer logit"]
    assert np.isfinite(result.effect("answer_logit")).all()


@pytest.mark.parametrize("bos", [True, False])
def test_bos_is_recorded_and_can_be_set(bos):
    study = study_of(tiny("llama"), PAIRS, prepend_bos=bos)
    assert study.prompts.prepend_bos is bos
    assert study.prompts.groups[0].clean.shape[1] == 14 + bos
    result = study.sweep("mlp")
    assert result.provenance["prepend_bos"] is bos
    assert f"prepend_bos={bos}" in result.provenance["code"]
    assert (result.provenance["prompts"][0]["clean"][0] == "<bos>") is bos


def test_bos_is_as_transformer_lens_has_it_by_default():
    study = ioi_study(n=2)
    assert study.prompts.prepend_bos == bool(study.model.cfg.default_prepend_bos)
    text = study.prompts.pairs[0].clean
    ours = study.prompts.groups
    ids = next(group.clean[group.members.index(0)] for group in ours if 0 in group.members)
    assert torch.equal(study.model.to_tokens(text)[0], ids)


def test_the_seed_decides_the_prompts():
    assert ioi_study(seed=3).prompts.pairs == ioi_study(seed=3).prompts.pairs
    assert ioi_study(seed=3).prompts.pairs != ioi_study(seed=4).prompts.pairs
    np.testing.assert_array_equal(
        ioi_study().sweep("mlp").effect(), ioi_study().sweep("mlp").effect()
    )


def test_a_task_can_be_given_as_an_object():
    task = TASKS.get("ioi")
    assert ioi_study().prompts.pairs == ioi_study(task).prompts.pairs


def test_provenance_holds_everything_needed_to_redo_it():
    study = ioi_study(metric=["logit_diff", "prob"], direction="noising", at="ABC")
    about = study.sweep("heads").wait().provenance
    assert set(about) == {
        *("behaviour", "task", "citation", "corruption", "at", "seed", "n", "usable"),
        *("sites", "symmetric", "replaceable", "bos_by_default", "hooks", "compatibility_mode"),
        *("model", "fingerprint", "dtype", "device", "prepend_bos", "executor", "prompts"),
        *("versions", "code", "source", "noise_floor", "cells_from_store"),
    }
    assert about["behaviour"] == "Indirect object identification"
    assert about["citation"] == "Wang et al. 2022, arXiv 2211.00593"
    assert (about["task"], about["corruption"], about["at"]) == ("ioi", "token_replacement", "ABC")
    assert (about["n"], about["seed"]) == (3, 3)
    assert (about["dtype"], about["device"]) == ("float32", "cpu")
    assert about["executor"] == "wavefront"
    assert about["model"]["name"] == "tiny-ioi"
    assert set(about["versions"]) == {"patchwidgets", "torch", "transformer_lens", "transformers"}
    assert len(about["prompts"]) == 3
    for prompt, pair in zip(about["prompts"], study.prompts.pairs, strict=True):
        bos = study.prompts.prepend_bos
        assert "".join(prompt["clean"][bos:]) == pair.clean
        assert "".join(prompt["corrupted"][bos:]) == pair.corrupted
        assert prompt["group"] == pair.group
        assert len(prompt["clean"]) == len(prompt["clean_ids"])
        assert prompt["clean"][prompt["roles"]["S2"]] == pair.wrong_answers[0]


def test_own_pairs_are_in_the_provenance():
    about = study_of(tiny("llama"), PAIRS).sweep("mlp").wait().provenance
    assert about["behaviour"] == "your own prompt pairs"
    assert about["corruption"] == "as given"
    assert [prompt["answers"] for prompt in about["prompts"]] == [[one] for one in PAIRS["answers"]]


CALLS = {
    "a sweep": lambda s: s.sweep("heads"),
    "a sweep with options": lambda s: s.sweep(
        "residual", site="resid_mid", positions=["S2", "END"]
    ),
    "a sweep of keys": lambda s: s.sweep("heads", site="k", positions="roles"),
    "a path map": lambda s: s.path(["L2H1.v", "L1H0.q"]),
    "a path map into the logits": lambda s: s.path("logits"),
}
STUDIES = {
    "a task": lambda: ioi_study(),
    "every option": lambda: ioi_study(
        n=5,
        seed=8,
        at="ABC",
        metric=["kl_div", "logit_diff"],
        direction="noising",
        prepend_bos=False,
    ),
    "some groups": lambda: ioi_study(n=30).keep(["BABA 6", "ABBA 6"]),
}


@pytest.mark.filterwarnings(WEAK)
@pytest.mark.parametrize(
    ("made", "call"),
    [("a task", call) for call in CALLS] + [(made, "a path map") for made in [*STUDIES][1:]],
)
def test_the_code_in_the_provenance_gives_the_same_numbers(monkeypatch, made, call):
    result = CALLS[call](STUDIES[made]()).wait()
    code = result.provenance["code"]
    monkeypatch.setattr(
        pw, "load_model", lambda name: {"tiny-ioi": tiny_ioi()}[name], raising=False
    )
    names: dict[str, Any] = {}
    exec(code, names)
    again = names["result"].wait()
    np.testing.assert_allclose(again.snapshot().values, result.snapshot().values, atol=1e-6)
    assert again.plan == result.plan
    assert again.provenance["code"] == code


def test_the_code_of_own_pairs_and_an_own_metric_names_them(monkeypatch):
    def answer_logit(logits, answers, reference):
        columns = [ids[0] for ids in answers.right]
        return logits[..., columns].diagonal(dim1=-2, dim2=-1)

    monkeypatch.setattr(pw, "load_model", lambda name: tiny("llama"), raising=False)
    study = study_of(tiny("llama"), PAIRS, metric=["prob", answer_logit])
    result = study.sweep("heads").wait()
    names: dict[str, Any] = {"pairs": pw.PromptPairs(**PAIRS), "answer_logit": answer_logit}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(result.provenance["code"], names)
    again = names["result"].wait()
    np.testing.assert_allclose(again.snapshot().values, result.snapshot().values, atol=1e-6)


def test_save_and_load_give_the_same_table(tmp_path):
    study = ioi_study(metric=["logit_diff", "prob"])
    for name, result in {"heads": study.sweep("heads"), "path": study.path(["L2H1.v"])}.items():
        path = result.save(tmp_path / f"{name}.json")
        loaded = pw.Result.load(path)
        pd.testing.assert_frame_equal(loaded.table(), result.table())
        assert loaded.provenance == result.provenance
        assert loaded.baseline.clean.tobytes() == result.baseline.clean.tobytes()


def test_a_study_takes_the_name_of_a_model(monkeypatch):
    monkeypatch.setattr(study_module, "load_model", lambda name: {"mine": tiny_ioi()}[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert pw.Study("mine", "ioi", n=2).model is tiny_ioi()


@pytest.mark.parametrize("change", ["weight", "hook"])
def test_a_model_that_was_changed_is_run_anew(change):
    model = fresh()
    study = study_of(model, PAIRS)
    before = study.sweep("heads").wait()
    if change == "weight":
        with torch.no_grad():
            dict(model.original_model.named_parameters())[_last_mlp(model)].mul_(2)
    else:
        model.add_hook("blocks.2.hook_mlp_out", lambda activation, hook: activation * 2)
    after, wanted = study.sweep("heads").wait(), study_of(model, PAIRS).sweep("heads").wait()
    got, right = after.snapshot(), wanted.snapshot()
    np.testing.assert_allclose(got.base, right.base, atol=1e-5)
    np.testing.assert_allclose(got.values, right.values, atol=1e-5)
    assert not np.allclose(got.base, before.snapshot().base, atol=1e-3)
    changed = after.provenance["fingerprint"] != before.provenance["fingerprint"]
    assert changed == (change == "weight")
    assert after.provenance["executor"] == wanted.provenance["executor"]


def _last_mlp(model):
    names = [name for name, _ in model.original_model.named_parameters()]
    (name,) = (name for name in names if "layers.2." in name and "down_proj" in name)
    return name
