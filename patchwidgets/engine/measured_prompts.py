"""The prompt pairs of a session as they were measured."""

from typing import Any

from patchwidgets.engine.session import Session


def measured_prompts(session: Session) -> list[dict[str, Any]]:
    """Return every pair: tokens, ids, roles, answers, and whether the model is right.

    Of several corrupted prompts the first is described, and `redrawn` has the ids of the others.
    """
    right, prompts = session.right(), session.prompts
    described: dict[int, dict[str, Any]] = {}
    for group in prompts.groups:
        for row, member in enumerate(group.members):
            i = prompts.pair_of(member)
            if i in described:
                if prompts.replaced > 1:
                    described[i]["redrawn"].append(group.corrupted[row].tolist())
                continue
            pair, strings = prompts.pairs[i], prompts.strings[i]
            described[i] = {
                "clean": list(strings[0]),
                "corrupted": list(strings[1]),
                "clean_ids": group.clean[row].tolist(),
                "corrupted_ids": group.corrupted[row].tolist(),
                "roles": {role: int(at[row]) for role, at in group.roles.items()},
                "answers": list(pair.answers),
                "wrong_answers": list(pair.wrong_answers),
                "group": pair.group,
                "right": bool(right[i]),
            }
            described[i] |= {"redrawn": []} if prompts.replaced > 1 else {}
            if group.noise is not None:
                described[i]["noised"] = group.noise[row].any(-1).nonzero()[:, 0].tolist()
    return [described[i] for i in sorted(described)]
