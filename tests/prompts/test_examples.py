"""Every example in a README or docstring of these folders runs."""

import doctest
import re
from pathlib import Path
from types import ModuleType

import pytest

import patchwidgets.prompts.pairs
from patchwidgets.metrics import Metric
from patchwidgets.prompts.corruptions._corruption import Corruption
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tasks._task import Task
from patchwidgets.prompts.words import PLAIN_WORDS

PACKAGE = Path(patchwidgets.prompts.pairs.__file__).parent.parent
READMES = [*PACKAGE.glob("metrics/README.md"), *PACKAGE.glob("prompts/*/README.md")]


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_the_worked_example_of_a_folder_is_a_member_of_it(readme: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", readme.read_text(), flags=re.DOTALL)
    module = ModuleType("example")
    exec(compile(code, str(readme), "exec"), module.__dict__)
    (name,) = module.__all__
    member = getattr(module, name)
    assert member.name == name
    if isinstance(member, Task):
        assert len(member.pairs(3, 0)) == 3
        pair = member.pairs(1, 0)[0]
        assert set(pair.roles) == set(member.roles)
        assert member.pairs(1, 0).table().loc[0, "word"] in pair.clean
        assert all(share.kept == share.of for share in member.usable(PLAIN_WORDS).values())
    elif isinstance(member, Corruption):
        assert member.pairs(TASKS.get("ioi"), 3, 0) == TASKS.get("ioi").pairs(3, 0, at="ABC")
    else:
        assert isinstance(member, Metric)


def test_the_example_of_prompt_pairs_is_true() -> None:
    assert doctest.testmod(patchwidgets.prompts.pairs).failed == 0
