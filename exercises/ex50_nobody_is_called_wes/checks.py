"""What a correct fix of ex50 shows: letters are sampled from the probabilities that temperature and top-p leave."""

import numpy as np

from bugkit.checks import nll, probabilities

TOKENS = 27
CONTEXT = 8
LONGEST = 15  # letters
SETTINGS = ((1.0, 1.0), (0.5, 1.0), (2.0, 1.0), (1.0, 0.8), (0.5, 0.9), (2.0, 0.6), (0.7, 0.95), (1.5, 0.3))
SIZES = (1, 64, 7, 300)  # rows
NAMES = 300  # for each setting
PROBS = """
with torch.no_grad():
    probs = torch.as_tensor(token_probs(logits.clone(), temperature=temperature, top_p=top_p))
"""
WRITTEN = """
new = generate(count, temperature=temperature, top_p=top_p)
letters = [list(str(name).encode("ascii", "replace")) for name in new]
written = np.full((len(letters), max([16, *map(len, letters)])), -1)
for row, some in zip(written, letters):
    row[: len(some)] = some
"""


def letters_off(run):
    """Difference between the letters that are written and those that should be, on average over eight settings"""
    return float(np.mean([off(*written(run, NAMES, *setting)[1:]) for setting in SETTINGS]))


def check_the_network_knows_names(run):
    """The network predicts the next letters of held-out names."""
    contexts, targets = contexts_of(known_names(run.heldout))
    cost = nll(run.model(contexts), targets)
    assert cost < 2.35, f"a letter costs {cost:.2f} nats (expected: below 2.35)"


def check_a_temperature_divides_the_logits(run):
    """With `top_p` 1, the probabilities are those of the logits divided by the temperature."""
    for temperature in (1.0, 0.5, 2.0, 0.1, 1.3):
        for logits in rows_of_logits(run):
            compare(run, logits, temperature, 1.0)


def check_top_p_keeps_the_most_likely_letters(run):
    """At temperature 1, the smallest set of most likely letters that reaches `top_p` is kept."""
    for top_p in (0.8, 0.5, 0.95, 0.2, 0.6):
        for logits in rows_of_logits(run):
            compare(run, logits, 1.0, top_p)


def check_the_temperature_acts_before_top_p(run):
    """Which letters reach `top_p` is decided with the probabilities at that temperature."""
    for temperature, top_p in ((0.5, 0.8), (2.0, 0.8), (0.7, 0.3), (1.4, 0.95)):
        for logits in rows_of_logits(run):
            compare(run, logits, temperature, top_p)


def check_names_of_any_number_are_written_so(run):
    """However many names are written, their letters are sampled from these probabilities."""
    for count, temperature, top_p in ((1, 1.0, 0.5), (7, 0.3, 0.9), (64, 1.0, 0.8), (1000, 0.6, 0.7), (1000, 1.8, 1.0)):
        names, expected, letters = written(run, count, temperature, top_p)
        assert len(names) == count, f"{len(names)} names are written (expected: {count})"
        longest = max(map(len, names))
        assert longest <= LONGEST, f"a name has {longest} letters (expected: at most {LONGEST})"
        odd = float(np.mean(expected[np.arange(len(letters)), letters] < 1e-9))
        gap = off(expected, letters)
        where = f"at temperature {temperature} and top_p {top_p}"
        assert odd < 0.002, f"{where}, {odd:.1%} of the letters are such as are left out (expected: 0 %)"
        assert count < NAMES or gap < 0.06, (
            f"{where}, {gap:.0%} of the letters would have to be others (expected: below 6 %)"
        )


def written(run, count, temperature, top_p):
    """Names that the notebook writes, and for each letter the probabilities (L, 27) and the letter itself (L,)."""
    values = {"count": count, "temperature": temperature, "top_p": top_p}
    rows = run.ask(WRITTEN, {}, ["written"], needs=["generate"], **values)["written"]
    names = ["".join(chr(code) for code in row if ord("a") <= code <= ord("z")) for row in rows]
    contexts, letters = contexts_of(names)
    return names, wanted(run.model(contexts), temperature, top_p), letters


def off(expected, letters):
    """How far letters (L,) are from their probabilities (L, 27), as a share."""
    found = np.zeros_like(expected)
    found[np.arange(len(letters)), letters] = 1
    return float(np.abs((found - expected).mean(axis=0)).sum() / 2)


def compare(run, logits, temperature, top_p):
    """The probabilities of the notebook and those expected, for logits (N, 27) where rounding does not decide."""
    values = {"temperature": temperature, "top_p": top_p}
    found = run.ask(PROBS, {"logits": logits}, ["probs"], needs=["token_probs"], **values)["probs"]
    ranked = np.sort(probabilities(np.asarray(logits, dtype=np.float64) / temperature), axis=-1)[:, ::-1]
    clear = np.abs(np.cumsum(ranked, axis=-1) - top_p).min(axis=-1) > (1e-4 if top_p < 1 else -1)
    gap = np.where(clear, np.abs(found - wanted(logits, temperature, top_p)).max(axis=-1), 0)
    few = int((gap > 1e-3).sum())
    assert not few, (
        f"at temperature {temperature} and top_p {top_p}, in {few} of {len(gap)} rows a probability is off, by up to"
        f" {gap.max():.2f} (expected: 0)"
    )


def wanted(logits, temperature, top_p):
    """The probabilities (N, 27) that temperature and top-p leave of logits (N, 27)."""
    probs = probabilities(np.asarray(logits, dtype=np.float64) / temperature)
    if top_p < 1:
        order = np.argsort(-probs, axis=-1)
        ranked = np.take_along_axis(probs, order, axis=-1)
        left_out = np.zeros_like(probs, dtype=bool)
        np.put_along_axis(left_out, order, np.cumsum(ranked, axis=-1) - ranked >= top_p, axis=-1)
        probs = np.where(left_out, 0, probs)
    return probs / probs.sum(axis=-1, keepdims=True)


def rows_of_logits(run):
    """Logits (N, 27), of several numbers of rows."""
    for size in SIZES:
        yield (2.5 * run.rng.standard_normal((size, TOKENS))).astype(np.float32)


def contexts_of(names):
    """Each context (N, 8) and the letter after it (N,); 0 is the end, which a name cut off at 15 letters has not."""
    contexts, letters = [], []
    for name in names:
        ids = [0] * CONTEXT + [ord(char) - ord("a") + 1 for char in name] + [0] * (len(name) < LONGEST)
        for end in range(CONTEXT, len(ids)):
            contexts.append(ids[end - CONTEXT : end])
            letters.append(ids[end])
    return np.array(contexts), np.array(letters)


def known_names(arrays):
    """The names of a set."""
    return bytes(arrays[0].astype(np.uint8)).decode().split()
