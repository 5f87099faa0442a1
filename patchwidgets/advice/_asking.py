"""Asks every rule about a study, a result, a comparison or a circuit."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from patchwidgets.advice._advice import About, Rule
from patchwidgets.advice._facts import StudyFacts, facts_of
from patchwidgets.advice._listed import AdviceList
from patchwidgets.advice._silence import RULES, silenced
from patchwidgets.circuits.result import CircuitResult
from patchwidgets.registry import one_of
from patchwidgets.results.comparison import Comparison
from patchwidgets.results.result import Result


def about_study(
    facts: StudyFacts, silence: Collection[str] = (), also: Sequence[Rule] = ()
) -> AdviceList:
    """Return the advice on a study; see `ask`."""
    return ask({"study": facts}, silence, also)


def about_result(
    result: Result, silence: Collection[str] = (), also: Sequence[Rule] = ()
) -> AdviceList:
    """Return the advice on a result and on the study it is of, once it is measured; see `ask`."""
    return ask({"study": facts_of(result.wait()), "result": result}, silence, also)


def about_comparison(
    comparison: Comparison, silence: Collection[str] = (), also: Sequence[Rule] = ()
) -> AdviceList:
    """Return the advice on a comparison, once it is measured; see `ask`."""
    return ask({"comparison": comparison.wait()}, silence, also)


def about_circuit(
    circuit: CircuitResult, silence: Collection[str] = (), also: Sequence[Rule] = ()
) -> AdviceList:
    """Return the advice on a circuit and on the study it is of, once it is measured; see `ask`."""
    facts = facts_of(circuit.wait().measured)
    return ask({"study": facts, "circuit": circuit}, silence, also)


def ask(
    subjects: Mapping[About, Any], silence: Collection[str], also: Sequence[Rule]
) -> AdviceList:
    """Return what the rules have to say.

    Args:
        subjects: What rules look at, by what they are about.
        silence: Names of rules that are not asked; one name may be given as it is.
        also: Rules of your own.

    Raises:
        UnknownNameError: `silence` names no rule.
    """
    rules: list[Rule] = [*map(RULES.get, RULES.names()), *also]
    known = [rule.name for rule in rules]
    names = [silence] if isinstance(silence, str) else silence
    silent = silenced() | {one_of("advice rule", name, known) for name in names}
    asked = [rule for rule in rules if rule.about in subjects and rule.name not in silent]
    given = (rule(subjects[rule.about]) for rule in asked)
    return AdviceList(one for one in given if one is not None)
