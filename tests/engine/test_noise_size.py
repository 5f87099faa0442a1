"""Of which embeddings the size of noise is."""

from typing import Any

import pytest

from patchwidgets.errors import UnknownNameError
from patchwidgets.prompts.corruptions.gaussian_noise import GaussianNoise
from patchwidgets.prompts.tasks._facts import FACTS
from tests.families import PAIRS, study_of, tiny


def noised(**options: Any) -> Any:
    noise = GaussianNoise(k=1.0, draws=2, **options)
    return study_of(tiny("gpt2"), PAIRS, corruption=noise, at="S2")


def test_the_size_can_be_that_of_the_subjects_of_facts_as_in_the_original_code():
    """Each subject by itself: no BOS token, no space before it, no matter what is noised."""
    bridge = tiny("gpt2")
    study = noised(over="subjects")
    hf_model: Any = bridge.original_model
    weights, ids = hf_model.transformer.wte.weight.detach(), []
    for fact in FACTS:
        ids += bridge.tokenizer(fact.subject, add_special_tokens=False)["input_ids"]
    about = study.provenance["noise"]
    assert about["over"] == "subjects"
    assert about["tokens"] == len(ids) > len(FACTS)
    assert about["sigma"] == pytest.approx(weights[ids].double().numpy().std(ddof=1), rel=1e-6)
    assert about["sigma"] != noised().provenance["noise"]["sigma"]
    assert "over='subjects'" in study.provenance["code"]
    assert study.sweep("mlp").wait().progress.state == "done"


def test_noise_over_what_there_is_not():
    with pytest.raises(UnknownNameError) as caught:
        GaussianNoise(over="subject")
    assert str(caught.value) == (
        "There is no choice of embeddings called 'subject'. Did you mean `subjects`? Known: "
        "`noised`, `subjects`."
    )
