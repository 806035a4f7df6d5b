"""What a correct fix of ex27 shows: six blocks that work, and text and gradient get through all of them."""

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

# What the blocks are given and give, block after block; a block that gives several things gives the first.
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

# What comes out where one block gives back what it was given, or nothing.
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
# What comes out where the matrices in one block are all zero, so that it finds nothing in the text.
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
    rows = windows(run)  # the symbol that is asked for is not even given
    return float(np.mean([nll(run.model(rows[:, :known])[:, -1], rows[:, known]) for known in PREFIXES]))


def check_six_blocks_take_part(run):
    """All six blocks take part: what comes out is another without any of them."""
    changes = flow(run, ["changes"])["changes"]
    working = int(np.sum(changes > 1e-3))
    assert working >= BLOCKS, f"{working} blocks change what they are given ({BLOCKS} wanted)"
    p = probabilities(run.ask(WITHOUT, {"rows": some(run, 40)}, ["outputs"], needs=["model"])["outputs"])
    moved = np.abs(p[1:] - p[0]).sum(axis=-1).mean(axis=(1, 2)).reshape(-1, 2).min(axis=1) / 2
    least = float(moved.min())
    assert least > LEAST, (
        f"without block {moved.argmin() + 1} probabilities move by {least:.2%} (over {LEAST:.1%} wanted)"
    )


def check_the_text_gets_past_every_block(run):
    """Of a block that finds nothing in the text, the text gets past it to the output."""
    for training in (False, True):
        arrays = {"rows": some(run, 40)}
        z = log_probabilities(run.ask(SILENT, arrays, ["outputs"], needs=["model"], training=training)["outputs"])
        differs = (z - z.mean(axis=1, keepdims=True)).std(axis=(1, 2, 3))
        shares = differs[1:] / max(differs[0], 1e-9)
        least = float(shares.min())
        assert least > 0.03, (
            f"past block {shares.argmin() + 1}, {least:.1%} of what tells texts apart is left (over 3 % wanted)"
        )


def check_the_text_reaches_the_last_block(run):
    """What the last block is given still tells one text from another."""
    differs = flow(run, ["differs"])["differs"][-1]
    assert differs > 0.1, f"between texts it differs by {differs:.2%} of its size (over 10 % wanted)"


def check_the_gradient_reaches_the_first_block(run):
    """The gradient of the loss reaches the first block."""
    norms = flow(run, ["norms"], GRADIENTS)["norms"]
    share = norms[0] / max(norms.max(), 1e-30)
    assert share > 0.03, f"it is {share:.2%} of that in the block with the largest (over 3 % wanted)"


def check_every_step_teaches_the_symbol_to_come(run):
    """At each position, every step of the training makes the symbol that comes next more likely."""
    worst = least_taught(run, "symbols")
    assert worst > 0.95, f"at one position, a step does so in {worst:.0%} of the rows (all wanted)"


def check_every_step_trains_the_same_model(run):
    """At every step of the training, the model computes what it computes when it is asked."""
    odd = trained_otherwise(run)
    assert odd == 0, f"at {odd:.0%} of the steps that were looked at, a log-probability is another (0 % wanted)"


def flow(run, returns, code=""):
    """The named numbers, one for each block."""
    return run.ask(FLOW + code, {"rows": some(run, 128)}, returns, needs=["model"])


def some(run, count):
    """As many pieces, at random."""
    return run.rng.permutation(windows(run))[:count]


def windows(run):
    """Pieces of LENGTH held-out symbols (N, LENGTH), as numbers in the training text's alphabet."""
    alphabet, codes = np.unique(run.train[0]), run.heldout[0]
    text = np.searchsorted(alphabet, codes[np.isin(codes, alphabet)])
    return np.lib.stride_tricks.sliding_window_view(text, LENGTH)[::31].astype(np.int64)
