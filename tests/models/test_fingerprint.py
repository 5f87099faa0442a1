"""Two results are of one model when its fingerprint is the same."""

import pytest
import torch

from patchwidgets.models.bridge import LensModel
from tests.families import FAMILIES, bridge_of


def fresh(family="llama", seed=0):
    torch.manual_seed(seed)
    return LensModel(bridge_of(FAMILIES[family](), f"fresh-{family}"))


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_fingerprint_is_the_same_for_every_load_of_the_same_weights(family):
    one, again, other = fresh(family), fresh(family), fresh(family, seed=1)
    assert one.fingerprint() == one.fingerprint() == again.fingerprint()
    assert one.fingerprint() != other.fingerprint()
    assert len(one.fingerprint()) == 16


def test_running_the_model_does_not_change_its_fingerprint():
    model = fresh()
    before = model.fingerprint()
    with model.measuring():
        model.forward(torch.arange(2, 8)[None])
    assert model.fingerprint() == before


def test_the_fingerprint_changes_when_any_one_weight_changes():
    model = fresh()
    before = model.fingerprint()
    unseen = []
    for name, weight in model.bridge.original_model.named_parameters():
        flat = weight.detach().view(-1)
        for at in (1, flat.numel() - 2):
            was = flat[at].clone()
            flat[at] += 1
            if model.fingerprint() == before:
                unseen.append(f"{name}[{at}]")
            flat[at] = was
    assert model.fingerprint() == before
    assert unseen == []


def test_a_job_that_runs_while_python_ends_still_gets_its_fingerprint(monkeypatch):
    model = fresh()
    wanted = model.fingerprint()

    def ending(*_):
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr("concurrent.futures.ThreadPoolExecutor.submit", ending)
    assert model.fingerprint() == wanted
