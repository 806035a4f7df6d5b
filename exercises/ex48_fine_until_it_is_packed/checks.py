"""What a correct fix of ex48 shows: one weight of each group, the largest one, in the mask and in the network."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import needs, nll
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole
from bugkit.questions import trained_otherwise

GROUP = 8
LAYERS = ((128, 64), (128, 128))  # fc1 and fc2
FEW = 0.02  # of the groups
LATE = 0.6  # of the training: from here on the network is pruned
EARLY = 200  # steps with all weights
SHAPES = ((128, 64), (128, 128), (1, 8), (10, 128), (128, 64), (7, 24), (64, 512), (128, 128))
# The layers' weights as the network computes with them, and its answers as it is and as the chip has it.
PACKED = """
named = {name.split(".")[-1]: layer for name, layer in model.named_modules()}
layers = [named["fc1"], named["fc2"]]

def packed(weight):
    groups = weight.unflatten(1, (-1, group))
    return torch.where(groups.abs() == groups.abs().amax(dim=2, keepdim=True), groups, 0.0).flatten(1)

def packed_forward(layer):
    return lambda x: torch.nn.functional.linear(x, packed(layer.weight), layer.bias)

model.eval()
with torch.no_grad():
    plain = torch.as_tensor(model(images))
    fc1, fc2 = (layer.weight.clone() for layer in layers)
    head = named["head"].weight.clone()
    for layer in layers:
        layer.forward = packed_forward(layer)
    try:
        chip = torch.as_tensor(model(images))
    finally:
        for layer in layers:
            del layer.forward
"""


def packed_loss(run):
    """Held-out cross-entropy per image, as the chip computes it"""
    images, labels = run.heldout
    return nll(asked(run, images)["chip"], labels)


def check_one_weight_of_each_group_is_left(run):
    """In the finished network, at least seven of the eight weights in each group are zero."""
    told = asked(run, run.heldout[0][:8])
    for name in ("fc1", "fc2"):
        left = (in_groups(told[name]) != 0).sum(axis=1)
        odd, none = float(np.mean(left > 1)), float(np.mean(left == 0))
        assert odd == 0, f"in {name}, {odd:.0%} of the groups have more than one that is not zero (expected: 0 %)"
        assert none < 0.5, f"in {name}, {none:.0%} of the groups have none that is not zero (expected: few)"


def check_packing_changes_nothing(run):
    """The chip gives the answers of the network."""
    told = asked(run, run.heldout[0])
    gap = float(np.abs(told["chip"].astype(np.float64) - told["plain"]).max())
    assert gap < 1e-3, f"a logit changes by up to {gap:.2g} (expected: 0)"


def check_the_largest_of_each_group_stays(run):
    """For any weight, `group_mask` keeps the largest absolute value of each eight neighbors in a row."""
    for shape in SHAPES:
        weight = run.rng.standard_normal(shape).astype(np.float32)
        mask = np.asarray(run.group_mask(weight)).astype(np.float64)
        assert mask.shape == shape, f"the mask of a weight {shape} has the shape {mask.shape}"
        count = in_groups(mask).sum(axis=1)
        odd = float(np.mean(count != 1))
        assert odd == 0, f"for a weight {shape}, {odd:.0%} of the groups do not keep exactly one (expected: 0 %)"
        place = np.abs(in_groups(weight)).argmax(axis=1)
        other = float(np.mean(in_groups(mask).argmax(axis=1) != place))
        assert other == 0, f"for a weight {shape}, {other:.0%} of the groups keep a smaller one (expected: 0 %)"


def check_the_head_is_not_pruned(run):
    """The head of the finished network has its weights."""
    zero = float(np.mean(asked(run, run.heldout[0][:8])["head"] == 0))
    assert zero < 0.5, f"{zero:.0%} of them are zero (expected: 0 %)"


@needs("check_one_weight_of_each_group_is_left")
def check_weights_of_both_signs_are_left(run):
    """Among the weights that are left, some are positive and some are negative."""
    told = asked(run, run.heldout[0][:8])
    for name in ("fc1", "fc2"):
        left = told[name][told[name] != 0]
        share = float(np.mean(left < 0))
        assert 0.2 < share < 0.8, f"in {name}, {share:.0%} are negative (expected: 20 % to 80 %)"


def check_pruned_weights_stay_zero(run):
    """Once the network is pruned, each step begins with at most one weight of a group."""
    seen = 0
    for moment in own_moments(run):
        if moment.call.step < LATE * run.audit.steps:
            continue
        seen += 1
        for name, weight in zip(("fc1", "fc2"), layers_of(moment.before), strict=True):
            odd = float(np.mean((in_groups(weight) != 0).sum(axis=1) > 1))
            assert odd < FEW, (
                f"at step {moment.call.step}, {odd:.0%} of the groups of {name} have more than one (expected: 0 %)"
            )
    if not seen:
        raise UndecidedError("the weights of the training could not be seen")


def check_training_begins_with_all_weights(run):
    """In the first 200 steps, the network has all its weights."""
    seen = 0
    for moment in own_moments(run):
        if moment.call.step > EARLY:
            continue
        seen += 1
        for name, weight in zip(("fc1", "fc2"), layers_of(moment.before), strict=True):
            zero = float(np.mean(weight == 0))
            assert zero < 0.5, (
                f"at step {moment.call.step}, {zero:.0%} of the weights of {name} are zero (expected: 0 %)"
            )
    if not seen:
        raise UndecidedError("the weights of the training could not be seen")


def check_every_step_trains_the_same_network(run):
    """At every step of the training, the network computes the same as when it is used."""
    odd = trained_otherwise(run)
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability is different (expected: 0 %)"


def own_moments(run):
    """Sampled steps whose weights are those of the layers in order: fc1, its bias, fc2, its bias, and the head."""
    size = sum(rows * (columns + 1) for rows, columns in (*LAYERS, (10, 128)))
    return [moment for moment in run.moments if len(moment.before) == size]


def layers_of(weights):
    """The weights of fc1 and fc2, cut from all weights in a row."""
    start, out = 0, []
    for rows, columns in LAYERS:
        out.append(weights[start : start + rows * columns].reshape(rows, columns))
        start += rows * columns + rows
    return out


def in_groups(weight):
    """The numbers of a weight (out, in) in groups of eight inputs."""
    return np.asarray(weight, dtype=np.float64).reshape(-1, GROUP)


def asked(run, images):
    """The weights of the pruned layers, and the answers of the network as it is (plain) and packed (chip)."""
    return run.ask(PACKED, {"images": images}, ["plain", "chip", "fc1", "fc2", "head"], needs=["model"], group=GROUP)
