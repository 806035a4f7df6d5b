"""What a copy of the values breaks: the two layers that share them do so for no longer than until the first step."""

from __future__ import annotations

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.questions import given
from bugkit.run import LearnerCodeError, Run

__all__ = ["check_embedding_and_output_layer_share_their_weights"]

# Which embedding reads the symbols, and which linear layer gives the logits, as they are or as log-probabilities: if
# there are both, and with weights of one shape, what a change of the first one's weight does to the second one's.
SHARED = """
model.eval()
symbols, seen = given[0], []

def look(layer, args, output):
    seen.append((layer, args[0].detach().clone(), output.detach().clone()))

kinds = (torch.nn.Embedding, torch.nn.Linear)
hooks = [part.register_forward_hook(look) for part in model.modules() if isinstance(part, kinds)]
with torch.no_grad():
    answer = torch.as_tensor(model(*given)).log_softmax(-1)
    for hook in hooks:
        hook.remove()
    embeddings = {
        id(layer): layer
        for layer, read, _ in seen
        if isinstance(layer, torch.nn.Embedding) and read.shape == symbols.shape and torch.equal(read, symbols)
    }
    heads = {
        id(layer): layer
        for layer, _, logits in seen
        if isinstance(layer, torch.nn.Linear)
        and logits.shape == answer.shape
        and torch.allclose(logits.log_softmax(-1), answer, atol=1e-4)
    }
    (embedding,), (head,) = embeddings.values(), heads.values()
    if embedding.weight.shape != head.weight.shape:
        raise TypeError("the two have other shapes")
    before, was = embedding(symbols).clone(), head.weight.clone()
    embedding.weight.add_(1.0)
    moved = (embedding(symbols) - before).abs().max().double()
    shared = (head.weight != was).double().mean()
"""


def check_embedding_and_output_layer_share_their_weights(run: Run) -> None:
    """The embedding of the symbols and the layer that gives their logits have one weight, if its shape is the same."""
    calls = [call for call in run.audit.needed().calls if call.inputs and call.inputs[0].dtype.kind == "i"]
    if not calls:
        raise UndecidedError("training reads no symbols")
    question, arrays = given(calls[-1], SHARED)
    try:
        told = run.ask(question, arrays, ["moved", "shared"], needs=["model"])
    except LearnerCodeError:
        raise UndecidedError("no embedding and output layer of one shape were found") from None
    if not told["moved"] > 0:
        raise UndecidedError("the embedding could not be changed")
    share = float(np.asarray(told["shared"]))
    assert share == 1, f"of the output layer's weight, {share:.0%} is the embedding's (expected: 100 %)"
