"""Wang et al. 2022, appendix B, with `run_with_hooks` and nothing shared with the engine.

One sender at a time, whole forward passes, heads frozen by their queries, keys and values, an MLP's
input overwritten before its norm where there is one, and a stop's output sent on as an activation.
"""

import torch

SENDING = {
    "z": "attn.hook_z",
    "attn_out": "hook_attn_out",
    "mlp_out": "hook_mlp_out",
    "mlp_post": "mlp.hook_post",
    "embed": "hook_resid_pre",
}


class Oracle:
    """Pinned paths on a pair of prompt batches of one length."""

    def __init__(self, model, base, source, roles):
        self.model, self.base, self.roles = model, base, roles
        _, self.base_cache = model.run_with_cache(base)
        _, self.source_cache = model.run_with_cache(source)

    def logits(self, path):
        sender = path.sender
        name = f"blocks.{sender.layer or 0}.{SENDING[sender.site]}"
        sent = self.written(self.base_cache[name], self.source_cache[name], sender)
        *way, last = path.stops
        for stop in way:
            received = self.travel(name, sent, stop)
            (layer,) = {node.layer for node in stop}
            ends = "hook_mlp_out" if stop[0].site == "mlp_in" else "attn.hook_z"
            name, kept = f"blocks.{layer}.{ends}", {}
            self.run([*self.overwriting(received), self.keeping(name, kept, name)])
            sent = kept[name]
        received = self.travel(name, sent, last)
        return self.run(self.overwriting(received))

    def travel(self, name, sent, receivers):
        kept = {}
        reading = [self.keeping(self.place(node), kept, node) for node in receivers]
        self.run([*reading, *self.freezing(name), (name, lambda x, hook: sent.clone())])
        return kept

    def freezing(self, name):
        sending = int(name.split(".")[1]) if not name.endswith("resid_pre") else -1
        for layer in range(self.model.cfg.n_layers):
            for site in "qkv" if layer != sending else ():
                frozen = self.base_cache[f"blocks.{layer}.attn.hook_{site}"]
                yield f"blocks.{layer}.attn.hook_{site}", lambda x, hook, to=frozen: to.clone()

    def overwriting(self, received):
        for node, values in received.items():
            yield (
                self.place(node),
                lambda x, hook, node=node, values=values: self.written(x, values, node),
            )

    def written(self, old, new, node):
        changed = old.clone()
        rows = range(len(old))
        positions = [slice(None)] * len(old)
        if node.position is not None:
            role = isinstance(node.position, str)
            positions = [int(self.roles[node.position][i]) if role else node.position for i in rows]
        for row, at in zip(rows, positions, strict=True):
            if node.neurons is not None:
                part = slice(*node.neurons)
                changed[row, at, part] = new[row, at, part]
            elif node.head is None:
                changed[row, at] = new[row, at]
            elif old.ndim == 4:
                changed[row, at, node.head] = new[row, at, node.head]
            else:
                width = self.model.cfg.d_head
                head = slice(node.head * width, (node.head + 1) * width)
                changed[row, at, head] = new[row, at, head]
        return changed

    def place(self, node):
        if node.site == "logits":
            return f"blocks.{self.model.cfg.n_layers - 1}.hook_resid_post"
        if node.site == "resid_post":
            return f"blocks.{node.layer}.hook_resid_post"
        if node.site == "mlp_in":
            norm = hasattr(self.model.blocks[node.layer], "ln2")
            return f"blocks.{node.layer}.{'ln2' if norm else 'mlp'}.hook_in"
        return f"blocks.{node.layer}.attn.hook_{node.site}"

    @staticmethod
    def keeping(name, kept, key):
        return name, lambda x, hook: kept.__setitem__(key, x.clone())

    def run(self, hooks):
        return self.model.run_with_hooks(self.base, fwd_hooks=list(hooks))[:, -1]


def logit_diff(study, logits):
    right = torch.tensor([ids[0] for ids in study.prompts.answers.right])
    wrong = torch.tensor([ids[0] for ids in study.prompts.answers.wrong])
    return (logits.gather(1, right[:, None]) - logits.gather(1, wrong[:, None]))[:, 0]
