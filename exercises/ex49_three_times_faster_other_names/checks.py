"""What a correct fix of ex49 shows: speculation gives what the target alone would give, and keeps what it can."""

import numpy as np

from bugkit.checks import log_probabilities, nll

DRAFTED = 4  # tokens
ROWS, FEW, MANY = 6_000, 1_500, 2_000
TOKENS = (1, 2, 3, 4)  # that the known networks give
RARE = -40.0  # logit of all others
OFF = 0.065  # total variation; 0.02 to 0.04 at random for 16 pairs of tokens
CALLS = 13
EXTRA = 0.09  # nats; 0.016 at random
KEPT = 0.15  # tokens per call; 0.04 at random
# Two networks whose logits are the sum of two tables, one row each for the last token and for the one before it.
KNOWN = """
class Known(torch.nn.Module):
    def __init__(self, tables):
        super().__init__()
        self.register_buffer("tables", torch.as_tensor(tables).to(torch.get_default_dtype()))

    def forward(self, context):
        return self.tables[0][context[..., -1]] + self.tables[1][context[..., -2]]

one, two = Known(draft_tables), Known(target_tables)
"""
OF_THE_NOTEBOOK = "one, two = draft, target\n"
SPECULATED = """
torch.manual_seed(seed)
rows = torch.as_tensor(contexts).long()
written, valid = [], []
for _ in range(calls):
    tokens, n_valid = speculate(one, two, rows)
    tokens, n_valid = torch.as_tensor(tokens).long(), torch.as_tensor(n_valid).long().reshape(-1)
    if tokens.shape != (len(rows), 5) or n_valid.shape != (len(rows),):
        break
    written.append(tokens)
    valid.append(n_valid)
    rows = torch.cat([rows, tokens], 1).gather(1, n_valid.clamp(1, 5)[:, None] + torch.arange(4))
shapes = np.array([*tokens.shape, *n_valid.shape])
written = torch.stack(written) if written else torch.zeros(0)
valid = torch.stack(valid) if valid else torch.zeros(0)
"""


def extra_nats(run):
    """How far the cost of new tokens to the target is from the entropy of its distribution, at each of five places"""
    return float(np.mean([abs(place.mean()) for place in extras(run)[1].values()]))


def check_both_networks_know_names(run):
    """Both networks predict the next letter of held-out names, the target better than the draft."""
    codes = names(run)
    contexts, letters = windows(codes), np.concatenate([row[4:] for row in codes])
    costs = {name: nll(run.call(name, contexts), letters) for name in ("target", "draft")}
    for name, most in (("target", 2.25), ("draft", 2.55)):
        assert costs[name] < most, f"a letter costs the {name} {costs[name]:.2f} nats (expected: below {most})"
    assert costs["target"] < costs["draft"], "the draft predicts better than the target"


def check_new_tokens_are_as_the_target_would_choose(run):
    """For any two networks, the new tokens follow the distribution of the target, from the first to the fifth."""
    for name, tables in pairs_of_networks(run.rng):
        contexts = contexts_of(run.rng, ROWS)
        tokens, valid = speculated(run, KNOWN, contexts, calls=1, tables=tables)
        new, counts = tokens[0], valid[0]
        for at in range(DRAFTED + 1):
            rows = counts > at
            if rows.sum() >= MANY:
                given = np.concatenate([contexts, new], axis=1)[rows, at + 2 : at + 4]
                compare(f"{name}, at place {at + 1}", tables[1], given, new[rows, at])


def check_as_many_drafted_tokens_stay_as_possible(run):
    """For any two networks, as many drafted tokens stay as the two distributions have in common."""
    for name, tables in pairs_of_networks(run.rng):
        contexts = contexts_of(run.rng, FEW)
        _, valid = speculated(run, KNOWN, contexts, calls=1, tables=tables)
        kinds, counts = np.unique(contexts[:, -2:], axis=0, return_counts=True)
        each = [expected_tokens(tables, *kind, DRAFTED) for kind in kinds.tolist()]
        expected, found = np.average(each, weights=counts), valid[0].mean()
        assert abs(found - expected) < KEPT, (
            f"for networks {name}, a call gives {found:.2f} tokens (expected: {expected:.2f})"
        )


def check_it_is_so_in_every_call(run):
    """In each of thirteen calls, new tokens cost the target as much as its own would."""
    costs = [abs(float(each.mean())) for each in extras(run)[0]]
    worst = int(np.argmax(costs))
    assert costs[worst] < EXTRA, (
        f"in call {worst + 1}, a token costs {costs[worst]:.2f} nats more or less (expected: below {EXTRA})"
    )


def extras(run):
    """What each new token of the notebook's networks costs the target beyond the entropy, by call and by place."""
    every = windows(names(run))
    contexts = every[run.rng.permutation(len(every))[:FEW]]
    tokens, valid = speculated(run, OF_THE_NOTEBOOK, contexts, calls=CALLS)
    by_call, by_place = [], {at: [] for at in range(DRAFTED + 1)}
    for new, counts in zip(tokens, valid, strict=True):
        rows = np.concatenate([contexts, new], axis=1)
        given = np.concatenate([rows[counts > at, at : at + 4] for at in by_place])
        letters = np.concatenate([new[counts > at, at] for at in by_place])
        places = np.concatenate([np.full((counts > at).sum(), at) for at in by_place])
        scores = log_probabilities(run.call("target", given))
        entropy = -(np.exp(scores) * scores).sum(axis=1)
        extra = -scores[np.arange(len(scores)), letters] - entropy
        by_call.append(extra)
        for at, some in by_place.items():
            some.append(extra[places == at])
        contexts = np.stack([row[count : count + 4] for row, count in zip(rows, counts, strict=True)])
    return by_call, {at: np.concatenate(some) for at, some in by_place.items() if sum(map(len, some))}


def compare(name, tables, given, tokens):
    """After each token that was given (N, 2), tokens (N,) must be as frequent as the target makes them likely."""
    found, expected = np.zeros((27, 27)), np.zeros((27, 27))
    np.add.at(found, (given[:, 1], tokens), 1 / len(tokens))
    kinds, counts = np.unique(given, axis=0, return_counts=True)
    for (before, last), count in zip(kinds.tolist(), counts, strict=True):
        expected[last] += probabilities_of(tables, before, last) * count / len(tokens)
    apart = np.abs(found - expected).sum() / 2
    assert apart < OFF, (
        f"for networks {name}, {apart:.1%} of the tokens would have to be others (expected: up to 4 %, at random)"
    )


def expected_tokens(tables, before, last, left):
    """How many tokens a call gives on average, after two given ones, with so many drafted tokens left."""
    if left == 0:
        return 1.0
    q, p = (probabilities_of(some, before, last) for some in tables)
    return 1.0 + sum(min(p[token], q[token]) * expected_tokens(tables, last, token, left - 1) for token in TOKENS)


def probabilities_of(tables, before, last):
    """The distribution of the next token (27,)."""
    return np.exp(log_probabilities((tables[0][last] + tables[1][before])[None])[0])


def pairs_of_networks(rng):
    """Names, and the tables (2, 27, 27) of a draft and of a target."""

    def table(spread):
        out = np.full((2, 27, 27), RARE / 2)
        out[:, :, TOKENS] = spread * rng.normal(size=(2, 27, len(TOKENS)))
        return out

    def favoring(tokens):
        out = table(0.3)
        out[0][:, tokens] += 3.0
        return out

    same, near = table(1.0), table(0.35)
    yield "that agree", (same, same)
    yield "that nearly agree", (same, np.where(same > RARE / 2, same + near, same))
    yield "that differ", (table(0.7), table(0.7))
    yield "of which the draft is nearly sure", (favoring([1]), table(0.7))
    yield "of which the target is nearly sure", (table(0.7), favoring([2]))
    yield "that like different tokens", (favoring([1, 2]), favoring([2, 3]))


def contexts_of(rng, count):
    """The same context (4,) many times: (count, 4)."""
    return np.tile(rng.choice(TOKENS, size=4), (count, 1))


def speculated(run, code, contexts, calls, tables=None):
    """New tokens (calls, N, 5), and how many are valid (calls, N)."""
    arrays = {"contexts": contexts}
    if tables:
        arrays |= {"draft_tables": tables[0], "target_tables": tables[1]}
    values = {"calls": calls, "seed": int(run.rng.integers(1 << 31))}
    told = run.ask(
        code + SPECULATED, arrays, ["written", "valid", "shapes"], needs=["speculate", "draft", "target"], **values
    )
    assert told["written"].ndim == 3, (
        f"`speculate` returns arrays of the shapes {told['shapes'].tolist()} for {len(contexts)} rows (expected:"
        f" {len(contexts)}, 5 and {len(contexts)})"
    )
    tokens, valid = told["written"].astype(np.int64), told["valid"].astype(np.int64)
    low, high = valid.min(), valid.max()
    assert 1 <= low <= high <= 5, f"from {low} to {high} tokens are said to be valid (expected: 1 to 5)"
    return tokens, valid


def names(run):
    """Held-out names as lists of tokens: four dots, letters, a dot."""
    (codes,) = run.heldout
    text = bytes(codes.astype(np.uint8)).decode().split()
    return [[0] * 4 + [ord(letter) - ord("a") + 1 for letter in name] + [0] for name in text]


def windows(codes):
    """All contexts (N, 4) of some names."""
    return np.array([row[at : at + 4] for row in codes for at in range(len(row) - 4)])
