"""What a correct fix of ex27 shows: six blocks that work, and text and gradient get through all of them."""

import numpy as np

LENGTH = 16  # symbols that the network must be able to read at once
PREFIXES = (6, 10, 15)
BLOCKS = 6

# What the blocks are given and give, block after block; a block that gives several things gives the first.
FLOW = """
def first(value):
    return value[0] if isinstance(value, (tuple, list)) else value

def difference(x):  # between texts, at the same place, relative to the size
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
learnt = [[p for p in block.parameters() if p.requires_grad] for block in blocks]
found = torch.autograd.grad(loss, [p for part in learnt for p in part], allow_unused=True)
norms, start = [], 0
for part in learnt:
    own = found[start:start + len(part)]
    norms.append(sum(float((g ** 2).sum()) for g in own if g is not None) ** 0.5)
    start += len(part)
"""


def heldout_loss(run):
    """Held-out cross-entropy of the next symbol, from those before it"""
    rows = windows(run)
    losses = []
    for known in PREFIXES:  # the symbol that is asked for is not even given
        z = np.asarray(run.model(rows[:, :known]), dtype=np.float64)[:, -1]
        z = z - z.max(axis=1, keepdims=True)
        losses.append(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(rows)), rows[:, known]]))
    return float(np.mean(losses))


def check_six_blocks_take_part(run):
    """All six blocks take part: what each gives differs from what it is given."""
    changes = flow(run, ["changes"])["changes"]
    working = int(np.sum(changes > 1e-3))
    assert working >= BLOCKS, f"{working} blocks change what they are given ({BLOCKS} wanted)"


def check_the_text_reaches_the_last_block(run):
    """What the last block is given still tells one text from another."""
    differs = flow(run, ["differs"])["differs"][-1]
    assert differs > 0.1, f"between texts it differs by {differs:.2%} of its size (over 10 % wanted)"


def check_the_gradient_reaches_the_first_block(run):
    """The gradient of the loss reaches the first block."""
    norms = flow(run, ["norms"], GRADIENTS)["norms"]
    share = norms[0] / max(norms.max(), 1e-30)
    assert share > 0.03, f"it is {share:.2%} of that in the block with the largest (over 3 % wanted)"


def flow(run, returns, code=""):
    """The named numbers, one for each block."""
    rows = run.rng.permutation(windows(run))[:128]
    return run.ask(FLOW + code, {"rows": rows}, returns, needs=["model"])


def windows(run):
    """Pieces of LENGTH held-out symbols (N, LENGTH), as numbers in the training text's alphabet."""
    alphabet, codes = np.unique(run.train[0]), run.heldout[0]
    text = np.searchsorted(alphabet, codes[np.isin(codes, alphabet)])
    return np.lib.stride_tricks.sliding_window_view(text, LENGTH)[::31].astype(np.int64)
