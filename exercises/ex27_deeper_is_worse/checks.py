"""What a correct fix of ex27 shows: all six blocks contribute, and text and gradient get through them."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities, nll, probabilities
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import trained_otherwise
from bugkit.sequences import least_taught

LENGTH = 16  # symbols that the network must be able to read at once
PREFIXES = (6, 10, 15)
BLOCKS = 6
LEAST = 0.01

# Inputs and outputs of the blocks, block by block. Of a block with several outputs, the first one counts.
FLOW = """
def first(value):
    return value[0] if isinstance(value, (tuple, list)) else value

def difference(x):  # between texts, at the same position, relative to the size
    return float(((x - x.mean(0)) ** 2).mean().sqrt() / (x ** 2).mean().sqrt().clamp(min=1e-30))

def note(block, given, output):
    x, y = first(given).detach(), first(output).detach()
    differs.append(difference(x))
    changes.append(float((y - x).norm() / x.norm().clamp(min=1e-30)))

model.eval()
differs, changes, blocks = [], [], list(model.blocks)
hooks = [block.register_forward_hook(note) for block in blocks]
outputs = model(rows)
loss = torch.nn.functional.cross_entropy(outputs[:, :-1].flatten(0, 1), rows[:, 1:].flatten())
for hook in hooks:
    hook.remove()
"""
GRADIENTS = """
learned = [[p for p in block.parameters() if p.requires_grad] for block in blocks]
found = torch.autograd.grad(loss, [p for part in learned for p in part], allow_unused=True)
norms, start = [], 0
for part in learned:
    own = found[start:start + len(part)]
    norms.append(sum(float((g ** 2).sum()) for g in own if g is not None) ** 0.5)
    start += len(part)
"""

# The outputs if one block returns its input, or zeros.
WITHOUT = """
def first(value):
    return value[0] if isinstance(value, (tuple, list)) else value

model.eval()
outputs = [torch.as_tensor(model(rows)).detach()]
for block in model.blocks:
    for share in (1.0, 0.0):
        def instead(_, given, output):
            x, y = first(given), first(output)
            new = share * x if x.shape == y.shape else 0 * y
            return (new, *output[1:]) if isinstance(output, (tuple, list)) else new
        hook = block.register_forward_hook(instead)
        outputs.append(torch.as_tensor(model(rows)).detach())
        hook.remove()
outputs = torch.stack(outputs)
"""
# The outputs if all matrices in one block are zero, so that the block extracts nothing from the text.
SILENT = """
model.train(training)
outputs = []
with torch.no_grad():
    for block in [torch.nn.Identity(), *model.blocks]:
        kept = [(p, p.detach().clone()) for p in block.parameters() if p.dim() > 1]
        for p, _ in kept:
            p.zero_()
        torch.manual_seed(0)
        outputs.append(torch.as_tensor(model(rows)))
        for p, value in kept:
            p.copy_(value)
outputs = torch.stack(outputs)
"""


def heldout_loss(run):
    """Held-out cross-entropy of the next symbol, from those before it"""
    rows = windows(run)  # the target is not part of the input
    return float(np.mean([nll(run.model(rows[:, :known])[:, -1], rows[:, known]) for known in PREFIXES]))


def check_six_blocks_take_part(run):
    """All six blocks contribute: without any one of them, the output is different."""
    changes = flow(run, ["changes"])["changes"]
    working = int(np.sum(changes > 1e-3))
    assert working >= BLOCKS, f"{working} blocks change their input (expected: {BLOCKS})"
    p = probabilities(run.ask(WITHOUT, {"rows": some(run, 40)}, ["outputs"], needs=["model"])["outputs"])
    moved = np.abs(p[1:] - p[0]).sum(axis=-1).mean(axis=(1, 2)).reshape(-1, 2).min(axis=1) / 2
    least = float(moved.min())
    assert least > LEAST, (
        f"without block {moved.argmin() + 1} the probabilities change by {least:.2%} (expected: over {LEAST:.1%})"
    )


def check_the_text_gets_past_every_block(run):
    """The text gets past every block: if the block extracts nothing, the output still depends on the text."""
    for training in (False, True):
        arrays = {"rows": some(run, 40)}
        z = log_probabilities(run.ask(SILENT, arrays, ["outputs"], needs=["model"], training=training)["outputs"])
        differs = (z - z.mean(axis=1, keepdims=True)).std(axis=(1, 2, 3))
        shares = differs[1:] / max(differs[0], 1e-9)
        least = float(shares.min())
        assert least > 0.03, (
            f"past block {shares.argmin() + 1}, {least:.1%} of the difference of texts is left (expected: over 3 %)"
        )


def check_the_text_reaches_the_last_block(run):
    """The input of the last block still differs from text to text."""
    differs = flow(run, ["differs"])["differs"][-1]
    assert differs > 0.1, f"between texts it differs by {differs:.2%} of its size (expected: over 10 %)"


def check_the_gradient_reaches_the_first_block(run):
    """The gradient of the loss reaches the first block."""
    norms = flow(run, ["norms"], GRADIENTS)["norms"]
    share = norms[0] / max(norms.max(), 1e-30)
    assert share > 0.03, f"it is {share:.2%} of the largest gradient of a block (expected: over 3 %)"


def check_every_step_teaches_the_symbol_to_come(run):
    """At each position, every training step makes the next symbol more likely."""
    worst = least_taught(run, "symbols")
    assert worst > 0.95, (
        f"at one position, a step makes it more likely in {worst:.0%} of the rows (expected: over 95 %)"
    )


def check_every_step_trains_the_same_model(run):
    """At every training step, the model computes the same as afterward."""
    odd = trained_otherwise(run)
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability differs (expected: 0 %)"


def flow(run, returns, code=""):
    """The named values, one for each block."""
    return run.ask(FLOW + code, {"rows": some(run, 128)}, returns, needs=["model"])


def some(run, count):
    """Random pieces, as many as asked for."""
    return run.rng.permutation(windows(run))[:count]


def windows(run):
    """Pieces of LENGTH held-out symbols (N, LENGTH), as indices in the alphabet of the training text."""
    alphabet, codes = np.unique(run.train[0]), run.heldout[0]
    text = np.searchsorted(alphabet, codes[np.isin(codes, alphabet)])
    return np.lib.stride_tricks.sliding_window_view(text, LENGTH)[::31].astype(np.int64)
