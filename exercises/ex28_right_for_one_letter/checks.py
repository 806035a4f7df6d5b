"""What a correct fix of ex28 shows: with the cache, the network writes what it predicts without it."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities, nll
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

LONGEST, PROMPT, MARK = 11, 12, 27  # letters, tokens up to the mark, index of the mark
SOME = 64  # rows that are read at once
SIZES = (1, 3, 32, 64, 201, 300)  # of batches that are written

# Counts multiplications and additions, for any order of the work: by token, by row or all at once.
WORK = """
from torch.utils.flop_counter import FlopCounterMode
if isinstance(model, torch.nn.Module):
    model.eval()
with torch.no_grad():
    with FlopCounterMode(display=False) as reading:
        model(rows[:, :-1])
    with FlopCounterMode(display=False) as writing:
        write(rows[:, :PROMPT_LENGTH])
once, spent = float(reading.get_total_flops()), float(writing.get_total_flops())
"""

# What is written with noisy weights, after another batch of the same size, and what is predicted with them.
OTHER_WEIGHTS = """
if isinstance(model, torch.nn.Module):
    model.eval()
usual = write(prompts)
with torch.no_grad():
    rng = torch.Generator().manual_seed(0)
    for weights in model.parameters():
        size = weights.std() if weights.numel() > 1 else weights.abs()
        weights.add_(size * torch.randn(weights.shape, generator=rng))
    write(others)
    written = write(prompts)
    scores = torch.as_tensor(model(torch.cat([prompts, torch.as_tensor(written)[:, :-1]], dim=1)))
"""


def heldout_loss(run):
    """Held-out cross-entropy of the tokens after the mark, from the correct ones before them"""
    rows = rows_of(run.heldout[0])
    return nll(run.model(rows[:, :-1])[:, PROMPT - 1 :], rows[:, PROMPT:])


def check_it_writes_what_it_predicts(run):
    """The tokens that are written one by one are those that the network predicts from the whole row."""
    names = np.concatenate([rows_of(run.heldout[0]), rows_of(run.train[0])[: SIZES[-1]]])
    for size in SIZES:  # of a batch
        prompts = run.rng.permutation(names)[:size, :PROMPT]
        written = run.write(prompts)
        given = np.concatenate([prompts, written[:, :-1]], axis=1)
        scores = np.concatenate([run.model(given[i : i + SOME]) for i in range(0, size, SOME)])[:, PROMPT - 1 :]
        scores = log_probabilities(scores)
        chosen = np.take_along_axis(scores, written[..., None], axis=-1)[..., 0]
        agree = np.mean(scores.max(axis=-1) - chosen < 2e-3)  # two tokens may be almost equally likely
        assert agree == 1, f"in a batch of {size}, they agree at {agree:.1%} of the positions (expected: 100 %)"


def check_it_writes_so_with_any_weights(run):
    """With other weights too, the written tokens are those that the network predicts from the whole row."""
    names = np.concatenate([rows_of(run.heldout[0]), rows_of(run.train[0])])
    for size in SIZES[:-1]:
        prompts = run.rng.permutation(names)[:size, :PROMPT]
        arrays = {"prompts": prompts, "others": run.rng.permutation(names)[:size, :PROMPT]}
        told = run.ask(OTHER_WEIGHTS, arrays, ["usual", "written", "scores"], needs=["model", "write"])
        if np.array_equal(told["usual"], told["written"]):
            raise UndecidedError("what is written does not change with the weights of `model`")
        scores = told["scores"][:, PROMPT - 1 :]
        chosen = np.take_along_axis(scores, told["written"][..., None], axis=-1)[..., 0]
        agree = np.mean(scores.max(axis=-1) - chosen < 1e-2)
        assert agree == 1, f"in a batch of {size}, they agree at {agree:.1%} of the positions (expected: 100 %)"


def check_unseen_names_come_out_backwards(run):
    """Names that the network has not seen come out backwards."""
    rows = run.rng.permutation(rows_of(run.heldout[0]))[: 2 * SOME]
    right = np.mean((run.write(rows[:, :PROMPT]) == rows[:, PROMPT:]).all(axis=1))
    assert right > 0.7, f"{right:.0%} of the names are correct (expected: over 70 %)"


def check_no_token_is_read_twice(run):
    """Writing a row takes about as much work as reading it once."""
    code = WORK.replace("PROMPT_LENGTH", str(PROMPT))
    for size in (1, 4, 65):
        rows = run.rng.permutation(rows_of(run.heldout[0]))[:size]
        work = run.ask(code, {"rows": rows}, ["once", "spent"], needs=["model", "write"])
        ratio = float(work["spent"] / work["once"])
        assert ratio < 1.5, f"in a batch of {size} it takes {ratio:.1f} times the work (expected: below 1.5)"


def rows_of(codes):
    """Names as rows of the notebook (N, 23): the name aligned to the right, the mark, the name backwards."""
    rows = []
    for name in bytes(codes).decode("ascii").split():
        letters = [ord(letter) - ord("a") + 1 for letter in name]
        blank = [0] * (LONGEST - len(letters))
        rows.append([*blank, *letters, MARK, *letters[::-1], *blank])
    return np.array(rows, dtype=np.int64)
