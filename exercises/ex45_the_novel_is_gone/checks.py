"""What a correct fix of ex45 shows: adapters that learn, and a pretrained network that stays as it was."""

import numpy as np

from bugkit import data, heldout
from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities, needs, nll
from bugkit.invariants import (
    check_every_row_teaches,
    check_gradients_are_whole,
    check_the_same_question_gets_the_same_answer,
)

CONTEXT = 8  # characters
RANK = 4
LAYERS = ((128, 128), (128, 128), (70, 128))  # outputs and inputs of those with an adapter
ADAPTERS = sum(RANK * (rows + columns) for rows, columns in LAYERS)
STILL = 1e-5  # a merge that is taken back moves a weight by some 1e-8, a step of Adam by some 1e-3
CLOSE = 0.01  # nats; float32 moves a log-probability by some 1e-5
FEWEST = 3  # moments

ENCODE = "numbers = np.array([int(number) for number in encode(text)], dtype=np.int64)"
UNLOADED = """
network = unload(model, merge)
if isinstance(network, torch.nn.Module):
    network.eval()
with torch.no_grad():
    answers = torch.as_tensor(network(contexts))
"""
# The network without its adapters, now and at the weights of an earlier step.
EARLIER = """
def answer():
    network = unload(model, False)
    if isinstance(network, torch.nn.Module):
        network.eval()
    with torch.no_grad():
        return torch.as_tensor(network(contexts)).clone()

now = answer()
weights = list(model.parameters())
if sum(w.numel() for w in weights) != len(before):
    raise TypeError("it has other weights than in training")
with torch.no_grad():
    torch.nn.utils.vector_to_parameters(before.to(weights[0].dtype), weights)
then = answer()
"""
# The answers of the model and of what it is unloaded to, in turns, with ``noise`` on the weights that were trained.
IN_TURNS = """
def answer(network):
    if isinstance(network, torch.nn.Module):
        network.eval()
    with torch.no_grad():
        return torch.as_tensor(network(contexts)).clone()

weights = list(model.parameters())
if sum(w.numel() for w in weights) == len(noise):
    with torch.no_grad():
        for weight, change in zip(weights, noise.split([w.numel() for w in weights])):
            weight.add_(change.view_as(weight).to(weight.dtype))
plain, merged, own = [answer(unload(model, False))], [], [answer(model)]
for merge in (True, True, False, True, False, False, True) * 2:
    (merged if merge else plain).append(answer(unload(model, merge)))
    own.append(answer(model))
plain, merged, own = torch.stack(plain), torch.stack(merged), torch.stack(own)
"""
MATRICES = """
kept = dict(unload(model, False).named_parameters())
found = unload(model, True).named_parameters()
changes = [(w - kept[name]).detach() for name, w in found if w.dim() == 2 and name in kept]
values = [torch.linalg.svdvals(change.double()) for change in changes if change.abs().max() > 0]
values = [torch.nn.functional.pad(some, (0, 200))[:200] for some in values]
values = torch.stack(values) if values else torch.zeros(0, 200)
"""
WEIGHTS = "weights = torch.cat([w.detach().float().flatten() for w in model.parameters()])"


def heldout_loss(run):
    """Held-out cross-entropy per character: of names with the adapters, and of the novel without them"""
    costs = []
    for text, merge in ((heldout_names(run), True), (novel(heldout.load("alice")), False)):
        contexts, targets = windows(tokens(run, text), 3000)
        costs.append(nll(unloaded(run, contexts, merge), targets))
    return float(np.mean(costs))


@needs("check_each_layer_has_an_adapter_that_learned")
def check_without_adapters_it_is_the_network_of_before(run):
    """Without its adapters, the network computes the same as before they were trained."""
    texts = (novel(data.load("alice"))[:20_000], heldout_names(run))
    contexts = np.concatenate([windows(tokens(run, text), 200)[0] for text in texts])
    moments = fine_tuned(run)
    gaps = []
    for moment in (moments[0], moments[len(moments) // 2], moments[-1]):
        arrays = {"contexts": contexts, "before": moment.before}
        told = run.ask(EARLIER, arrays, ["now", "then"], needs=["model", "unload"])
        gaps.append(np.abs(log_probabilities(told["now"]) - log_probabilities(told["then"])).max())
    assert max(gaps) < CLOSE, (
        f"a log-probability is up to {max(gaps):.2g} nats different from that at an earlier step (expected: 0)"
    )


@needs("check_each_layer_has_an_adapter_that_learned")
def check_only_the_adapters_are_trained(run):
    """Nothing but the adapters changes while the names are learned."""
    seen = [weights for moment in fine_tuned(run) for weights in (moment.before, moment.after)]
    seen.append(run.ask(WEIGHTS, returns=["weights"], needs=["model"])["weights"])
    changed = int((np.ptp(np.stack(seen), axis=0) > STILL).sum())
    assert changed <= ADAPTERS, f"{changed:,} numbers change (expected: at most {ADAPTERS:,}, those of the adapters)"


def check_the_adapters_start_from_nothing(run):
    """Before the first step on the names, the model computes the same as without its adapters."""
    first = fine_tuned(run)[0]
    if first.call.step > 0 or first.call.inputs[0].shape[1:] != (CONTEXT,):
        raise UndecidedError("the first step of the training could not be seen")
    arrays = {"contexts": first.call.inputs[0], "before": first.before}
    then = run.ask(EARLIER, arrays, ["now", "then"], needs=["model", "unload"])["then"][: len(first.call.output)]
    gap = np.abs(log_probabilities(then) - log_probabilities(first.call.output)).max()
    assert gap < CLOSE, f"a log-probability differs by up to {gap:.2g} nats (expected: 0)"


def check_each_layer_has_an_adapter_that_learned(run):
    """The three linear layers have learned an update of rank 4 each."""
    values = run.ask(MATRICES, returns=["values"], needs=["model", "unload"])["values"]
    learned = int((values.max(axis=1, initial=0) > 0.01).sum())
    assert learned >= len(LAYERS), f"{learned} weight matrices have an update (expected: {len(LAYERS)})"
    ranks = (values > 1e-3 * values.max(axis=1, keepdims=True)).sum(axis=1)
    odd = ranks[np.abs(ranks - RANK).argmax()]
    assert odd == RANK, f"one update has rank {odd} (expected: {RANK})"


@needs("check_each_layer_has_an_adapter_that_learned")
def check_a_merged_network_computes_the_same(run):
    """A network with the updates in its weights computes the same as the model."""
    for told in in_turns(run):
        gap = np.abs(log_probabilities(told["merged"]) - log_probabilities(told["own"][:1])).max()
        assert gap < CLOSE, f"a log-probability differs from that of the model by up to {gap:.2g} nats (expected: 0)"


@needs("check_each_layer_has_an_adapter_that_learned")
def check_unload_leaves_the_model_as_it_is(run):
    """However often networks without adapters are built, the model and they compute the same as before."""
    for told in in_turns(run):
        for what, name in (("the model", "own"), ("the network without adapters", "plain")):
            gap = np.ptp(log_probabilities(told[name]), axis=0).max()
            assert gap < CLOSE, f"of {what}, a log-probability changes by up to {gap:.2g} nats (expected: 0)"


def in_turns(run):
    """The answers of the model and of networks built from it, in turns, each (times, N, characters).

    As they are, and with noise on the weights that were trained, where these are known.
    """
    contexts = windows(tokens(run, novel(data.load("alice"))[:20_000]), 40)[0]
    names = ["plain", "merged", "own"]
    yield run.ask(IN_TURNS, {"contexts": contexts, "noise": np.zeros(0)}, names, needs=["model", "unload"])
    if run.moments:
        trained = np.any([moment.before != moment.after for moment in fine_tuned(run)], axis=0)
        noise = np.where(trained, 0.05 * run.rng.standard_normal(len(trained)), 0.0)
        run.begin()
        yield run.ask(IN_TURNS, {"contexts": contexts, "noise": noise}, names, needs=["model", "unload"])


def fine_tuned(run):
    """The moments of the model with adapters; UndecidedError where too few were seen."""
    size = len(run.ask(WEIGHTS, returns=["weights"], needs=["model"])["weights"])
    moments = [moment for moment in run.moments if len(moment.before) == size]
    if len(moments) < FEWEST:
        raise UndecidedError("the weights at the steps of the training could not be seen")
    return moments


def unloaded(run, contexts, merge):
    """The answers of a network without adapters."""
    return run.ask(UNLOADED, {"contexts": contexts}, ["answers"], needs=["model", "unload"], merge=merge)["answers"]


def heldout_names(run):
    """Names that the notebook does not have, one to a line."""
    return "\n".join("".join(map(chr, run.heldout[0])).split()) + "\n"


def novel(arrays):
    """A part of the novel, in the characters that the notebook knows."""
    known = set(data.alice())
    return "".join(char for char in map(chr, arrays[0]) if char in known)


def tokens(run, text):
    """The ids of the characters of a text, as the notebook encodes it."""
    return run.ask(ENCODE, returns=["numbers"], needs=["encode"], text=text)["numbers"]


def windows(numbers, count):
    """``count`` contexts, spread over the text, and the characters that follow them."""
    starts = np.linspace(0, len(numbers) - CONTEXT - 1, count).astype(int)
    rows = numbers[starts[:, None] + np.arange(CONTEXT + 1)]
    return rows[:, :-1], rows[:, -1]
