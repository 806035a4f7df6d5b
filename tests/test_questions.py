"""The questions that many checks ask: what was trained is what answers, and what moves an answer."""

from __future__ import annotations

import numpy as np
import pytest

from bugkit.audit import UndecidedError
from bugkit.box import Box, Guard, Job
from bugkit.box.run_report import report_of
from bugkit.invariants import (
    check_every_row_teaches,
    check_every_step_trains_the_network_in_use,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)
from bugkit.questions import answers_by_training, gradients, replayed, trained_otherwise
from bugkit.run import Run
from bugkit.sequences import moved, taught_next

# A network that reads letters (N, 6) one by one, and sixty steps of its training.
PROGRAM = """
import torch
from torch import nn

class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.letters, self.out = nn.Embedding(5, 8), nn.Linear(8, 5)
        self.calls = 0

    def forward(self, rows):
        self.calls += 1
        return {answer}

model = Reader()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for step in range(60):
    rows = (torch.randint(5, (16, 1)) + torch.arange(6)) % 5
    loss = {loss}
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
{after}
"""
LOSS = "nn.functional.cross_entropy(model(rows)[:, :-1].flatten(0, 1), rows[:, 1:].flatten())"
FOLLOWING = "nn.functional.cross_entropy(model(rows).flatten(0, 1), ((rows + 1) % 5).flatten())"
ROLLED = "nn.functional.cross_entropy(model(rows).flatten(0, 1), rows.roll(-1, 1).flatten())"
PLAIN = "self.out(self.letters(rows))"
DROPPED = "self.out(nn.functional.dropout(self.letters(rows), 0.5, self.training))"
SHIFTED = "self.out(self.letters(rows).roll(self.calls % 3, dims=2))"
BLIND_AT_FIRST = "self.out(self.letters(rows) * float(self.calls > 30))"
LOOKS_AHEAD = "self.out(self.letters(rows) + self.letters(rows).mean(1, keepdim=True) * float(self.training))"
ROWS = np.random.default_rng(0).integers(5, size=(8, 6))


@pytest.fixture(scope="module")
def box():
    with Box(arrays="torch") as one:
        yield one


def asked(box, question, answer=PLAIN, after="", loss=LOSS):
    source = PROGRAM.format(answer=answer, after=after, loss=loss)
    job = Job(cells=(("all", source),), seed=0, names=("model",), max_steps=60)
    with box.run(job, Guard()) as channel:
        account, _ = report_of(*channel.receive())
        assert account.status == "ok", account.error
        return question(Run(channel, seed=0, curve=np.zeros(0), arrays="torch"))


def test_a_step_is_replayed_at_the_weights_that_it_had(box):
    pairs = asked(box, lambda run: list(replayed(run)))
    assert len(pairs) > 5
    assert all(np.allclose(then, now, atol=1e-5) for _, then, both in pairs for now in both)
    assert not np.allclose(pairs[0][1], pairs[-1][1], atol=0.1)


def test_a_model_that_was_another_one_for_a_while_is_seen(box):
    assert asked(box, trained_otherwise) == 0
    assert 0.2 < asked(box, trained_otherwise, BLIND_AT_FIRST) < 0.8
    asked(box, check_every_step_trains_the_network_in_use)
    with pytest.raises(AssertionError, match="of the sampled steps"):
        asked(box, check_every_step_trains_the_network_in_use, BLIND_AT_FIRST)


@pytest.mark.parametrize(
    ("answer", "after"),
    [(DROPPED, ""), (SHIFTED, ""), (PLAIN, "network = model\nmodel = lambda rows: network(rows)")],
    ids=["chance", "another answer each time", "no module"],
)
def test_what_cannot_be_compared_is_undecided(box, answer, after):
    with pytest.raises(UndecidedError):
        asked(box, trained_otherwise, answer, after)


def test_what_moves_an_answer_is_seen_in_the_mode_in_which_it_does(box):
    others = ROWS.copy()
    others[:, 5] = (others[:, 5] + 1) % 5
    still = asked(box, lambda run: moved(run, ROWS, others))
    assert still.shape == (8, 6)
    assert (still[:, :5] == 0).all()
    assert (still[:, 5] > 0).all()
    assert (asked(box, lambda run: moved(run, ROWS, others), LOOKS_AHEAD)[:, :5] > 0).all()
    chance = asked(box, lambda run: moved(run, ROWS, others), DROPPED)
    assert (chance[:, :5] == 0).all(), "what is drawn at random is drawn alike"


SCALED_IN_USE = "self.out(self.letters(rows) * (1.0 if self.training else 0.5))"
HALF_CUT = "self.out(torch.cat([self.letters(rows)[..., :7], self.letters(rows)[..., 7:].detach()], -1))"
ROUNDED = "self.out(self.letters(rows)).float()"
ALWAYS_DROPPED = "self.out(nn.functional.dropout(self.letters(rows), 0.5))"


def test_a_model_that_is_another_one_in_use_is_seen(box):
    with pytest.raises(UndecidedError):
        asked(box, trained_otherwise, DROPPED)
    assert asked(box, trained_otherwise, SCALED_IN_USE) > 0.9


def test_a_part_that_is_cut_off_from_the_gradients_is_seen(box):
    asked(box, check_gradients_are_whole)
    asked(box, check_gradients_are_whole, DROPPED)
    with pytest.raises(AssertionError, match="at 100%"):
        asked(box, check_gradients_are_whole, HALF_CUT)


def test_gradients_are_as_exact_as_float64_or_not_told(box):
    assert max(asked(box, lambda run: [gap for _, gap, _ in gradients(run)])) < 1e-6
    with pytest.raises(UndecidedError):
        asked(box, check_gradients_are_whole, ROUNDED)


def test_hooks_that_clip_are_the_notebooks_own_affair(box):
    hooked = "(HOOKED, " + LOSS + ")[1]"
    hooked = hooked.replace(
        "HOOKED", "step or [w.register_hook(lambda g: g.clamp(-1e-3, 1e-3)) for w in model.parameters()]"
    )
    asked(box, check_gradients_are_whole, loss=hooked)


def test_numbers_that_a_step_leaves_are_told(box):
    stuck = "nn.functional.cross_entropy(model(rows)[:, :-1].flatten(0, 1), rows[:, 1:].flatten())"
    masked = (
        "(step or model.out.weight.register_hook(lambda g: g * torch.tensor([[1.0], [1], [1], [1], [0]])), "
        + stuck
        + ")[1]"
    )
    left = asked(box, lambda run: [parts[1] for _, _, parts in gradients(run)], loss=masked)
    assert all(part.shape == (5, 8) and part[4].any() and not part[:4].any() for part in left)


def test_a_row_that_teaches_nothing_is_seen(box):
    asked(box, check_every_row_teaches)
    with pytest.raises(AssertionError, match="in 0% of the sampled steps"):
        asked(
            box,
            check_every_row_teaches,
            loss=LOSS.replace("model(rows)[:,", "model(rows)[:-1,").replace("rows[:, 1:]", "rows[:-1, 1:]"),
        )


def test_chance_in_an_answer_is_seen(box):
    asked(box, check_the_same_question_gets_the_same_answer, DROPPED)
    with pytest.raises(AssertionError, match="the second time"):
        asked(box, check_the_same_question_gets_the_same_answer, ALWAYS_DROPPED)


@pytest.mark.parametrize(
    ("loss", "least"),
    [
        (LOSS, 1.0),
        (LOSS.replace("rows[:, 1:]", "rows[:, :-1]"), 0.4),
        (LOSS.replace("[:, :-1]", "[:, :3]").replace("rows[:, 1:]", "rows[:, 1:4]"), 0.0),
        ("nn.functional.cross_entropy(model(rows).flatten(0, 1)[:-1], rows.flatten()[1:])", 0.0),
    ],
    ids=["next", "itself", "half of it", "the next row's"],
)
def test_what_a_step_says_of_the_next_symbol_is_told(box, loss, least):
    shares = asked(box, lambda run: [taught_next(call) for call in run.audit.calls], loss=loss)
    assert min(shares) <= least
    assert max(shares) >= min(least, 1.0) if least == 1 else max(shares) < 0.9


@pytest.mark.parametrize(("loss", "least"), [(FOLLOWING, 1.0), (ROLLED, 0.0)], ids=["what follows", "rolled around"])
def test_what_follows_a_row_in_the_text_may_be_taught_at_its_end(box, loss, least):
    text = np.arange(200) % 5
    shares = asked(box, lambda run: [taught_next(call, text) for call in run.audit.calls], loss=loss)
    assert (min(shares), max(shares)) == (least, least)
    alone = asked(box, lambda run: [taught_next(call) for call in run.audit.calls], loss=FOLLOWING)
    assert max(alone) == 0.0, "without the text it is a symbol of the row"


def test_a_copy_in_another_form_answers_as_what_was_trained(box):
    assert asked(box, answers_by_training)
    copied = "frozen = torch.jit.freeze(torch.jit.trace(model.eval(), rows))\nmodel = lambda rows: frozen(rows)"
    assert asked(box, answers_by_training, after=copied)
    other = "counts = torch.rand(5, 5)\nmodel = lambda rows: counts[rows]"
    assert not asked(box, answers_by_training, after=other)


def test_where_no_model_is_promised_none_is_missed(box):
    for check in (check_gradients_are_whole, check_the_same_question_gets_the_same_answer):
        with pytest.raises(UndecidedError):
            asked(box, check, after="network = model\ndel model")
