"""The questions that many checks ask: what was trained is what answers, and what moves an answer."""

from __future__ import annotations

import numpy as np
import pytest

from bugkit.audit import UndecidedError
from bugkit.box import Box, Guard, Job
from bugkit.box.account import account_of
from bugkit.questions import moved, replayed, trained_otherwise
from bugkit.run import Run

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
    rows = torch.randint(5, (16, 6))
    loss = nn.functional.cross_entropy(model(rows)[:, :-1].flatten(0, 1), rows[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
{after}
"""
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


def asked(box, question, answer=PLAIN, after=""):
    source = PROGRAM.format(answer=answer, after=after)
    job = Job(cells=(("all", source),), seed=0, names=("model",), max_steps=60)
    with box.run(job, Guard()) as channel:
        account, _ = account_of(*channel.receive())
        assert account.status == "ok", account.error
        return question(Run(channel, seed=0, curve=np.zeros(0), arrays="torch"))


def test_a_step_is_replayed_at_the_weights_that_it_had(box):
    pairs = asked(box, lambda run: list(replayed(run)))
    assert len(pairs) > 5
    assert all(np.allclose(then, now, atol=1e-5) for _, then, now in pairs)
    assert not np.allclose(pairs[0][1], pairs[-1][1], atol=0.1)


def test_a_model_that_was_another_one_for_a_while_is_seen(box):
    assert asked(box, trained_otherwise) == 0
    assert 0.2 < asked(box, trained_otherwise, BLIND_AT_FIRST) < 0.8


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
