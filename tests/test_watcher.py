"""What is seen of a training, in every style in which one may be written; and that watching changes nothing."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn.utils import prune

from bugkit.audit import audit_of, moments_of
from bugkit.box.inside import watcher
from bugkit.box.inside.watcher import Watcher
from bugkit.box.job import Job

torch.set_num_threads(1)  # two threads would wait for each other wherever cores are busy
STEPS = 24
X = torch.randn(64, 6, generator=torch.Generator().manual_seed(0))
Y = torch.randint(3, (64,), generator=torch.Generator().manual_seed(1))


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))


def cost(model, x, y):
    return nn.functional.cross_entropy(model(x), y)


def batch(step):
    rows = torch.arange(step * 7, step * 7 + 16) % 64
    return X[rows], Y[rows]


def plain(model, steps=STEPS):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(steps):
        loss = cost(model, *batch(step))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def by_closure(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(STEPS):

        def closure(step=step):
            optimizer.zero_grad()
            loss = cost(model, *batch(step))
            loss.backward()
            return loss

        optimizer.step(closure)
    return model


def by_hand(model):
    for step in range(STEPS):
        gradients = torch.autograd.grad(cost(model, *batch(step)), list(model.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter.sub_(0.1 * gradient)
    return model


def through_data(model, *, clears=True):
    for step in range(STEPS):
        cost(model, *batch(step)).backward()
        for parameter in model.parameters():
            parameter.data -= 0.1 * parameter.grad
            parameter.grad = None if clears else parameter.grad
    return model


def put_into_grad(model):
    """Gradients that replace those of the step before, which nobody has cleared."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(STEPS):
        gradients = torch.autograd.grad(cost(model, *batch(step)), list(model.parameters()))
        for parameter, gradient in zip(model.parameters(), gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()
    return model


def two_optimizers(model):
    parts = [torch.optim.Adam(model[0].parameters()), torch.optim.SGD(model[2].parameters(), lr=0.1)]
    for step in range(STEPS):
        model.zero_grad()
        cost(model, *batch(step)).backward()
        for part in parts:
            part.step()
    return model


def gathered(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(STEPS):
        optimizer.zero_grad()
        for x, y in zip(*(part.split(8) for part in batch(step)), strict=True):
            (cost(model, x, y) / 2).backward()
        optimizer.step()
    return model


def functional(model):
    weights = {name: value.detach().clone() for name, value in model.named_parameters()}
    slope = grad(lambda w, x, y: nn.functional.cross_entropy(functional_call(model, w, (x,)), y))
    for step in range(STEPS):
        gradients = slope(weights, *batch(step))
        weights = {name: value - 0.1 * gradients[name] for name, value in weights.items()}
    model.load_state_dict(weights)
    return model


def row_by_row(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(STEPS):
        x, y = batch(step)
        optimizer.zero_grad()
        nn.functional.cross_entropy(vmap(model)(x), y).backward()
        optimizer.step()
    return model


def after_a_copy(model):
    plain(copy.deepcopy(model), 50)
    return plain(model)


def after_a_trial(model):
    """Overfits one batch, and puts the weights back."""
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(40):
        optimizer.zero_grad()
        cost(model, *batch(0)).backward()
        optimizer.step()
    model.load_state_dict(before)
    return plain(model)


def before_a_test(model):
    plain(model)
    kept = copy.deepcopy(model.state_dict())
    for some in (1, 1, 2):  # from the same weights, one after the other, and the last step stays
        model.load_state_dict(kept)
        plain(model, some)
    model.load_state_dict(kept)
    return model


def wrapped(model):
    class Wrapper(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self, x):
            return {"scores": self.inner(x)}

    whole = Wrapper()
    optimizer = torch.optim.SGD(whole.parameters(), lr=0.1)
    for step in range(STEPS):
        x, y = batch(step)
        optimizer.zero_grad()
        nn.functional.cross_entropy(whole(x=x)["scores"], y).backward()
        optimizer.step()
    return model


def sharpness_aware(model):
    """A look uphill before each step: two gradients, one step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(STEPS):
        optimizer.zero_grad()
        cost(model, *batch(step)).backward()
        with torch.no_grad():
            uphill = [0.01 * p.grad.sign() for p in model.parameters()]
            for p, by in zip(model.parameters(), uphill, strict=True):
                p.add_(by)
        optimizer.zero_grad()
        cost(model, *batch(step)).backward()
        with torch.no_grad():
            for p, by in zip(model.parameters(), uphill, strict=True):
                p.sub_(by)
        optimizer.step()
    return model


STYLES = [
    sharpness_aware,
    plain,
    by_closure,
    by_hand,
    through_data,
    put_into_grad,
    two_optimizers,
    gathered,
    functional,
    row_by_row,
    after_a_copy,
    after_a_trial,
    before_a_test,
    wrapped,
]


def watched(train, max_steps=STEPS):
    """The audit and the moments of a training of ``net()``."""
    watcher = Watcher(Job(cells=(), seed=0, names=("model",), max_steps=max_steps), lambda _steps: None)
    with watcher:
        model = train(net())
    watcher.finish({"model": model})
    audit, calls = audit_of(*watcher.told())
    return audit, moments_of(watcher.moments(), calls)


@pytest.mark.parametrize("train", STYLES)
def test_a_training_is_seen_in_every_style(train):
    audit, moments = watched(train)
    assert (audit.trouble, audit.available, audit.asked) == ("", True, True)
    assert audit.steps == STEPS
    assert all(len(call.inputs[0]) == call.rows for call in audit.calls)
    assert not any(call.left_over > 0 for call in audit.calls)  # NaN where it cannot be told
    assert moments
    assert any(not np.array_equal(moment.before, moment.after) for moment in moments)


@pytest.mark.parametrize("train", [by_closure, plain, after_a_trial])
def test_the_norms_are_those_of_the_gradients_that_are_followed(train):
    audit, _ = watched(train)
    first = net()
    cost(first, *batch(0)).backward()
    norm = float(sum(float(p.grad.pow(2).sum()) for p in first.parameters()) ** 0.5)
    assert audit.norms[0] == pytest.approx(norm, rel=1e-5)
    assert audit.rates.tolist() == [0.1] * STEPS


def test_gradients_that_a_hook_shortens_are_followed_as_they_are_then():
    def train(model):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        optimizer.register_step_pre_hook(lambda *_: nn.utils.clip_grad_norm_(model.parameters(), 0.01) and None)
        for step in range(STEPS):
            optimizer.zero_grad()
            cost(model, *batch(step)).backward()
            optimizer.step()
        return model

    audit, _ = watched(train)
    assert np.nanmax(audit.norms) == pytest.approx(0.01, rel=1e-3)


def test_the_slope_is_that_of_the_loss_at_the_output():
    audit, _ = watched(plain)
    for call in audit.calls:
        powers = np.exp(call.output - call.output.max(axis=1, keepdims=True))
        shares = powers / powers.sum(axis=1, keepdims=True)
        used = call.slope.argmin(axis=1)
        assert np.allclose(call.slope, (shares - np.eye(3)[used]) / call.rows, atol=1e-6)
        assert np.array_equal(used, batch(call.step)[1].numpy())


def test_a_moment_is_one_step_of_descent():
    _, moments = watched(plain)
    for moment in moments:
        model = net()
        nn.utils.vector_to_parameters(torch.from_numpy(moment.before.copy()), model.parameters())
        cost(model, *batch(moment.call.step)).backward()
        slope = nn.utils.parameters_to_vector([p.grad for p in model.parameters()]).numpy()
        assert np.allclose(moment.after - moment.before, -0.1 * slope, atol=1e-6)


def test_moments_have_the_order_that_the_weights_have_in_the_end():
    """Some tools, `torch.nn.utils.prune` among them, register a weight again, behind its bias."""

    def reordered(model):
        plain(model)
        first = model[0]
        weight = first.weight
        del first.weight
        first.register_parameter("weight", weight)

    (_, usual), (_, moments) = watched(plain), watched(reordered)
    assert len(usual) == len(moments) > 1
    for one, other in zip(usual, moments, strict=True):
        for then, now in ((one.before, other.before), (one.after, other.after)):
            weight, bias, rest = np.split(then, [6 * 8, 6 * 8 + 8])
            assert np.array_equal(now, np.concatenate([bias, weight, rest]))


def test_steps_with_parametrized_weights_are_no_moments_of_the_plain_network():
    """The numbers that a parametrization is given are not those that the network computes with."""

    def masked(model):
        plain(model)
        prune.random_unstructured(model[0], "weight", amount=0.5)
        plain(model)
        prune.remove(model[0], "weight")

    (_, usual), (_, moments) = watched(plain), watched(masked)
    assert len(moments) >= len(usual) > 1
    assert all(moment.call.step < STEPS for moment in moments)


class CutNowAndThen(nn.Module):
    """In every third call no gradient reaches the first layer."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.calls = nn.Linear(6, 8), nn.Linear(8, 3), 0

    def forward(self, x):
        hidden = self.first(x)
        self.calls += 1
        return self.second((hidden if self.calls % 3 else hidden.detach()).relu())


def test_what_each_step_changed_is_told():
    audit, _ = watched(lambda _model: plain(CutNowAndThen()))
    told = {call.step: call.moved.tolist() for call in audit.calls if call.moved is not None}
    assert len(told) > STEPS / 2
    assert all(moved == [(step + 1) % 3 > 0] * 2 + [True] * 2 for step, moved in told.items())


@pytest.mark.parametrize("train", [plain, through_data])
def test_gradients_that_were_left_are_seen(train):
    if train is through_data:
        audit, _ = watched(lambda model: through_data(model, clears=False))
    else:
        zero = torch.optim.SGD.zero_grad
        torch.optim.SGD.zero_grad = lambda *_a, **_k: None
        try:
            audit, _ = watched(plain)
        finally:
            torch.optim.SGD.zero_grad = zero
    judged = [call.left_over for call in audit.calls if not np.isnan(call.left_over)]
    assert len(judged) > STEPS / 2
    assert all(left > 0 for left in judged)


def test_what_happens_in_one_step_of_twelve_is_met():
    def train(model):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for step in range(400):
            if step % 12:
                optimizer.zero_grad()
            cost(model, *batch(step)).backward()
            optimizer.step()
        return model

    audit, _ = watched(train, max_steps=480)
    left = [call.left_over > 0 for call in audit.calls]
    assert 30 <= len(left) <= 60
    assert 0 < sum(left) < len(left) / 4


def test_steps_that_no_version_tells_are_counted_by_those_that_were_looked_at():
    def train(model):
        for step in range(300):
            cost(model, *batch(step)).backward()
            for parameter in model.parameters():
                parameter.data -= 0.01 * parameter.grad
                parameter.grad = None
        return model

    assert watched(train, max_steps=200)[0].steps == 300


def test_a_trial_is_no_part_of_the_training_where_few_calls_are_looked_at():
    audit, _ = watched(after_a_trial, max_steps=200)
    assert audit.steps == STEPS
    assert audit.rates.tolist() == [0.1] * STEPS
    assert all(call.step < STEPS for call in audit.calls)


def test_steps_whose_weights_are_put_back_one_by_one_are_no_part_of_the_training():
    def train(model):
        plain(model)
        kept = copy.deepcopy(model.state_dict())
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for number in range(2):  # a test that compares two steps from the same weights, and leaves the second
            model.load_state_dict(kept)
            optimizer.zero_grad()
            cost(model, *batch(number)).backward()
            optimizer.step()
        return model

    audit, moments = watched(train)
    assert all(call.moved.any() for call in audit.calls if call.moved is not None)
    assert not [one for one in moments if np.array_equal(one.before, one.after)]


def test_steps_that_lead_back_by_themselves_are_steps():
    """In few digits, weights that went one step up may come down again; nobody has put them back."""

    def train(model):
        for weight in model.parameters():
            nn.init.constant_(weight, 0.5)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        for step in range(STEPS):
            cost(model, *batch(step)).backward()
            for weight in model.parameters():
                weight.grad = torch.full_like(weight, 0.25 if step % 2 else -0.25)  # both steps are exact
            optimizer.step()
        return model

    assert watched(train)[0].steps == STEPS


def test_steps_that_are_too_small_for_the_weights_are_steps():
    """In few digits, a step may leave all weights as they were; it was taken all the same."""

    def train(model):
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-12)  # decay and step: two writes into each weight
        for step in range(STEPS):
            cost(model, *batch(step)).backward()
            optimizer.step()
        return model

    assert watched(train)[0].steps == STEPS


def test_modes_are_told():
    def train(model):
        model[1].eval()
        return plain(model)

    audit, _ = watched(train)
    assert {call.training for call in audit.calls} == {0.75}  # of the whole and its three parts


def test_what_answers_in_the_end_may_be_another_model():
    def train(model):
        plain(model)
        return lambda x: torch.zeros(len(x), 3)

    audit, _ = watched(train)
    assert audit.available
    assert not audit.asked


def two_networks(train):
    """The audit and the moments of a training after which two networks are asked for, the second one first trained."""
    watcher = Watcher(Job(cells=(), seed=0, names=("model", "teacher"), max_steps=3 * STEPS), lambda _steps: None)
    with watcher:
        teacher = net()
        model = train(teacher)
    watcher.finish({"model": model, "teacher": teacher})
    audit, calls = audit_of(*watcher.told())
    return audit, moments_of(watcher.moments(), calls), teacher


def test_steps_of_networks_that_are_trained_one_after_the_other_add_up():
    def train(teacher):
        return plain(copy.deepcopy(plain(teacher, 2 * STEPS)), STEPS)

    audit, moments, teacher = two_networks(train)
    assert audit.steps == 3 * STEPS
    known = torch.nn.utils.parameters_to_vector(teacher.parameters()).detach().numpy()
    assert np.abs(moments[0].before - known).max() < 0.1 * np.abs(known).max()  # the first is what the copy began with
    assert not np.array_equal(moments[-1].before, known)


def test_steps_of_networks_that_are_trained_at_once_do_not_add_up():
    def train(teacher):
        model = copy.deepcopy(teacher)
        optimizer = torch.optim.SGD([*model.parameters(), *teacher.parameters()], lr=0.1)
        for step in range(STEPS):
            optimizer.zero_grad()
            (cost(model, *batch(step)) + cost(teacher, *batch(step))).backward()
            optimizer.step()
        return model

    assert two_networks(train)[0].steps == STEPS


def test_a_long_training_is_kept_within_bounds():
    audit, moments = watched(lambda model: plain(model, 3000), max_steps=100)
    assert audit.steps == 3000
    assert 40 < len(audit.calls) < 250
    assert max(call.step for call in audit.calls) > 2900
    assert len(moments) <= 12


class Odd(nn.Module):
    """A module that nobody has thought of."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(6, 3))

    def forward(self, x):
        return x @ self.weight

    @property
    def training(self):
        raise RuntimeError("nobody asks me")

    @training.setter
    def training(self, value):
        pass


def test_what_cannot_be_seen_disturbs_no_training():
    audit, _ = watched(lambda _model: plain(Odd()))
    assert "nobody asks me" in audit.trouble
    assert not audit.available
    assert audit.steps == STEPS  # by the optimizer


@pytest.mark.parametrize("train", STYLES)
def test_watching_changes_no_number(train):
    alone = [p.detach().clone() for p in train(net()).parameters()]
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    with Watcher(Job(cells=(), seed=0, names=("model",)), lambda _steps: None):
        seen = list(train(net()).parameters())
    assert all(torch.equal(a, b) for a, b in zip(alone, seen, strict=True))
    torch.manual_seed(7)
    assert torch.equal(before, torch.random.get_rng_state())
    assert watcher._watching is None


@pytest.mark.filterwarnings("ignore:`torch.jit.trace")
def test_a_trace_holds_nothing_of_the_watcher():
    def traced(model):
        plain(model)
        assert torch.jit.trace(model, X[:4]).inlined_graph.str().count("aten::") == 3, (
            "two layers and what is between them"
        )
        return model

    audit, _ = watched(traced)
    assert audit.steps == STEPS


def test_steps_of_two_sizes_are_all_counted():
    def train(model):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(200):
            optimizer.zero_grad()
            cost(model, *batch(step)).backward()
            optimizer.step()
            with torch.no_grad():
                for weight in model.parameters() if step else ():  # the first step writes once, the others twice
                    weight.mul_(0.999)
        return model

    audit, _ = watched(train, max_steps=200)
    assert audit.steps == 200
