"""What a correct fix of ex20 shows: the engine's gradients are the derivatives of any expression."""

import numpy as np

from bugkit.checks import nll, redrawn

STEP = 1e-3
OFF = 0.02  # of the largest derivative: tolerates the rounding of float32 and the curvature within a step
ROUGH = 0.03  # absolute error: tolerates large expressions in float32

# Expressions of x, a positive 3 x 3 matrix. Expressions that the engine can no longer build are skipped.
SLOPES = """
expressions = [
    lambda x, y: (x * y).sum(),
    lambda x, y: ((x @ y).tanh() + x.log()).sum(),
    lambda x, y: (x * x + y).sum(),
    lambda x, y: (x @ x).sum(),
    lambda x, y: (x.exp() - x * y).sum(),
    lambda x, y: ((x @ y + x).tanh() * (x + y).tanh()).sum(),
    lambda x, y: (x - x.exp().sum(axis=1).log()).tanh().sum(),
]


def tangled(x, y):
    a = x.tanh()
    b = a * x + a
    c = b * a + (b @ y)
    return (c * b - x).sum()


def shared(x, y):
    total = x.sum()
    return ((x * total).tanh() + total * y).sum()


def number(out):
    return float(np.sum(out.data))


by_grad, by_trying = [], []
for build in (*expressions, tangled, shared):
    try:
        value = Value(x.copy())
        out = build(value, Value(y.copy()))
        out.backward()
        found = np.array(value.grad, dtype=float).reshape(x.shape)
        tried = np.zeros(x.shape)
        for place in np.ndindex(*x.shape):
            up, down = x.copy(), x.copy()
            up[place] += STEP
            down[place] -= STEP
            rise = number(build(Value(up), Value(y.copy()))) - number(build(Value(down), Value(y.copy())))
            tried[place] = rise / (2 * STEP)
    except AttributeError:
        continue
    by_grad.append(found)
    by_trying.append(tried)
by_grad, by_trying = np.array(by_grad), np.array(by_trying)
"""
# Random expressions of matrices, rows, columns and single numbers. Most values in them are used repeatedly.
AT_RANDOM = """
bk_rng = np.random.default_rng(int(bk_seed))
ONE = {"tanh": lambda a: a.tanh(), "log": lambda a: (a * a + a.tanh().exp()).log(), "sum": lambda a: a.sum(),
       "rows": lambda a: a.sum(axis=0), "columns": lambda a: a.sum(axis=1),
       "twice": lambda a: a + a, "square": lambda a: a * a}
TWO = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "matmul": lambda a, b: a @ b}

def bk_planned(shapes):
    tables, plan = [np.zeros(shape) for shape in shapes], []
    while len(plan) < 9:
        i, j = bk_rng.integers(len(tables), size=2)
        a, b = tables[i], tables[j]
        name = bk_rng.choice([*ONE, *TWO, "add", "mul", "matmul", "matmul"])
        if name in ("rows", "columns", "matmul") and (a.ndim != 2 or b.ndim != 2):
            continue
        try:
            new = {"rows": lambda: a.sum(0, keepdims=True), "columns": lambda: a.sum(1, keepdims=True),
                   "sum": lambda: a.sum(keepdims=True),
                   "matmul": lambda: a @ b}.get(name, (lambda: a + b) if name in TWO else (lambda: a))()
        except ValueError:
            continue
        plan.append((name, i, j))
        tables.append(new)
    return plan

def bk_built(plan, leaves):
    pool = list(leaves)
    for name, i, j in plan:
        new = ONE[name](pool[i]) if name in ONE else TWO[name](pool[i], pool[j])
        pool.append(new if name in ("add", "sub", "sum", "twice") else new.tanh())
    out = pool[-1].sum()
    for one in (*pool[-4:-1], *leaves):
        out = out + one.sum() * one.tanh().sum()
    return out

def bk_number(out):
    return float(np.sum(out.data))

bk_found, bk_wanted = [], []
for n, m in ((3, 3), (2, 4), (1, 5), (6, 1), (4, 3), (1, 1)) * 5:
    shapes = [(n, m), (m, n), (m,), (1, m), (n, 1), ()]
    arrays = [bk_rng.uniform(-1, 1, shape) for shape in shapes]
    plan = bk_planned(shapes)
    leaves = [Value(a.copy()) for a in arrays]
    bk_built(plan, leaves).backward()
    bk_found += [np.array(leaf.grad, dtype=float).reshape(-1) for leaf in leaves]
    for k, a in enumerate(arrays):
        slope = np.zeros(a.shape)
        for place in np.ndindex(*a.shape):
            ends = []
            for sign in (1, -1):
                moved = [one.copy() for one in arrays]
                moved[k][place] += sign * STEP
                ends.append(bk_number(bk_built(plan, [Value(one) for one in moved])))
            slope[place] = (ends[0] - ends[1]) / (2 * STEP)
        bk_wanted.append(slope.reshape(-1))
bk_ends = np.cumsum([len(one) for one in bk_wanted])
bk_found, bk_wanted = np.concatenate(bk_found), np.concatenate(bk_wanted)
"""
# The notebook's own loss, near the trained parameters, along its gradient and a random direction. Skipped for a
# notebook without these names, or with a random loss.
OF_THE_LOSS = """
ended = []
predicted = tried = again = float("nan")
try:
    ended = [p.data for p in parameters]
    rng = np.random.default_rng(seed)
    base = [np.array(d) + 0.1 * rng.normal(size=np.shape(d)) for d in ended]

    def loss_at(way, length):
        for p, b, w in zip(parameters, base, way):
            p.data = b + length * w
        return batch_loss(images, labels)

    def number(out):
        return float(np.sum(out.data))

    still = [np.zeros(b.shape) for b in base]
    loss = loss_at(still, 0.0)
    for p in parameters:
        p.grad = np.zeros(np.shape(p.data))
    loss.backward()
    used = [np.array(p.grad) for p in parameters]
    way = [rng.normal(size=g.shape) for g in used]

    def norm(arrays):
        return float(np.sqrt(sum(np.sum(a**2) for a in arrays)))

    way = [g / norm(used) + w / norm(way) for g, w in zip(used, way)]
    predicted = float(sum(np.sum(g * w) for g, w in zip(used, way)))
    tried = (number(loss_at(way, STEP)) - number(loss_at(way, -STEP))) / (2 * STEP)
    again = (number(loss_at(way, STEP)) - number(loss_at(way, -STEP))) / (2 * STEP)
except Exception:
    predicted = float("nan")
finally:
    for p, d in zip(parameters if ended else [], ended):
        p.data = d
"""
# The gradient that a training step leaves behind, and a new one from the same batch and parameters.
OF_A_STEP = """
ended = []
cosine = float("nan")
try:
    ended = [p.data for p in parameters]
    training_step(before, labels_before)
    start = [np.array(p.data) for p in parameters]
    training_step(images, labels)
    used = np.concatenate([np.ravel(p.grad) for p in parameters])
    for p, s in zip(parameters, start):
        p.data, p.grad = s, np.zeros(s.shape)
    batch_loss(images, labels).backward()
    fresh = np.concatenate([np.ravel(p.grad) for p in parameters])
    cosine = float(used @ fresh / np.sqrt((used @ used) * (fresh @ fresh)))
except Exception:
    pass
finally:
    for p, d in zip(parameters if ended else [], ended):
        p.data = d
"""


def draw(rng):
    """The same task with permuted labels, permuted pixels and other images held out."""
    return redrawn("digits", rng, labels=True, features=True)


def heldout_loss(run):
    """Held-out cross-entropy, from the model's own logits"""
    x, y = run.heldout
    return nll(run.model(x), y)


def check_the_gradient_of_an_expression_is_its_slope(run):
    """`grad` is the derivative of an expression: it predicts the effect of a small change."""
    x, y = run.rng.uniform(0.3, 1.5, (3, 3)), run.rng.normal(size=(3, 3))
    answer = run.ask(SLOPES, {"x": x, "y": y}, ["by_grad", "by_trying"], needs=["Value"], STEP=STEP)
    found, wanted = answer["by_grad"], answer["by_trying"]
    for one, slope in zip(found, wanted, strict=True):
        off = np.abs(one - slope)
        place = np.unravel_index(np.argmax(off), off.shape)
        assert off[place] <= OFF * np.abs(slope).max(), (
            f"a change of {STEP} in one element changes an expression by {slope[place] * STEP:.6f}, "
            f"and `grad` predicts {one[place] * STEP:.6f} (expected: the same)"
        )


def check_so_it_is_for_tables_rows_columns_and_single_numbers(run):
    """`grad` is the derivative for matrices, rows, columns and single numbers in one expression."""
    answer = run.ask(AT_RANDOM, {}, ["bk_found", "bk_wanted", "bk_ends"], needs=["Value"], STEP=STEP, bk_seed=run.seed)
    ends = answer["bk_ends"]
    for start, end in zip((0, *ends[:-1]), ends, strict=True):
        one, slope = answer["bk_found"][start:end], answer["bk_wanted"][start:end]
        place = int(np.argmax(np.abs(one - slope)))
        assert abs(one[place] - slope[place]) <= OFF * np.abs(slope).max() + ROUGH, (
            f"a change of {STEP} in one element changes an expression by {slope[place] * STEP:.6f}, "
            f"and `grad` predicts {one[place] * STEP:.6f} (expected: the same)"
        )


def check_the_gradient_of_the_loss_is_its_slope(run):
    """The gradient of the parameters is the derivative of the loss of the network."""
    x, y = run.train
    some = run.rng.choice(len(y), 64, replace=False)
    answer = run.ask(
        OF_THE_LOSS, {"images": x[some], "labels": y[some]}, ["predicted", "tried", "again"], STEP=STEP, seed=run.seed
    )
    predicted, tried, again = (float(answer[name]) for name in ("predicted", "tried", "again"))
    if np.isnan(predicted) or abs(tried - again) > 1e-6:
        return
    assert abs(predicted - tried) <= OFF * abs(predicted) + 1e-3, (
        f"along one direction the loss has the derivative {tried:.4f}, and its gradient predicts {predicted:.4f} "
        "(expected: the same)"
    )


def check_a_step_follows_the_gradient_of_its_batch(run):
    """A training step uses the gradient of its own batch."""
    x, y = run.train
    some = run.rng.permutation(len(y))[:128]
    batches = {
        "before": x[some[:64]],
        "labels_before": y[some[:64]],
        "images": x[some[64:]],
        "labels": y[some[64:]],
    }
    cosine = float(run.ask(OF_A_STEP, batches, ["cosine"])["cosine"])
    assert not cosine < 0.9, (
        f"the cosine between the gradient of the step and that of its batch is {cosine:.2f} (expected: 1)"
    )
