"""What a correct fix of ex36 shows: a decoder that reads the source and nothing ahead, and translates names alone."""

import numpy as np

from bugkit.audit import UndecidedError
from bugkit.checks import log_probabilities, needs, nll
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole
from bugkit.questions import trained_otherwise

PAD, START, END, TOKENS = 0, 27, 28, 29
CLOSE = 2e-3  # of a log-probability; float32 moves one by some 1e-5
CLEAR = 0.2  # of the largest slope of a step
VOWELS = "aeiouy"
NEEDS = ["translate"]
TRANSLATED = """
if isinstance(globals().get("model"), torch.nn.Module):
    model.eval()
written = "|".join(str(word) for word in translate(words.split()))
letters = np.frombuffer(written.encode(), dtype=np.uint8)
"""


def heldout_loss(run):
    """Held-out cross-entropy of the translations per letter"""
    names = drawn(run, 900)
    losses = []
    for some in (names[:300], names[300:600], names[600:]):
        source, target = tokens_of(some)
        logits, targets = run.model(source, target[:, :-1]), target[:, 1:]
        losses.append(nll(logits[targets != PAD], targets[targets != PAD]))
    return float(np.mean(losses))


def check_names_are_translated(run):
    """`translate` gives the translations of names, of many together and of each alone."""
    for count in (200, 7, 1, 64, 2, 1, 1):
        names = drawn(run, count)
        found = translated(run, names)
        assert len(found) == count, f"of {count} names, {len(found)} come back"
        if count > 50:
            right = float(np.mean([one == pig_latin(name) for one, name in zip(found, names, strict=True)]))
            assert right > 0.5, f"{right:.0%} of {count} are right (expected: over 50 %)"
            one = names[run.rng.integers(count)]
            (alone,) = translated(run, [one])
            assert alone == found[names.index(one)], f"`{one}` is translated otherwise when it is alone"


def check_the_source_is_read(run):
    """At each place, the next token depends on the source."""
    names = drawn(run, 200)
    source, target = tokens_of(names)
    other = tokens_of([names[at] for at in run.rng.permutation(len(names))], source.shape[1])[0]
    usual, moved = (log_probabilities(run.model(one, target[:, :-1])) for one in (source, other))
    told = (target[:, 1:] != PAD) & (other != source).any(axis=1)[:, None]
    apart = np.abs(moved - usual).max(axis=-1)
    for place in range(5):
        share = float(np.mean(apart[:, place][told[:, place]] > 0.1))
        assert share > 0.7, f"at place {place + 1}, it does for {share:.0%} of the names (expected: nearly all)"


@needs("check_the_source_is_read")
def check_padding_of_the_source_does_not_count(run):
    """The logits for a name are the same with any padding behind it, and beside any other names."""
    names = drawn(run, 300)
    for count, more in ((64, 2), (1, 5), (64, 1), (7, 3), (300, 1), (128, 4)):
        some = [names[at] for at in run.rng.permutation(len(names))[:count]]
        source, target = tokens_of(some)
        given = target[:, :-1]
        usual = log_probabilities(run.model(source, given))
        wide = log_probabilities(run.model(np.pad(source, ((0, 0), (0, more))), given))
        gap = np.abs(wide - usual).max()
        assert gap < CLOSE, f"with {more} more, a log-probability changes by up to {gap:.2g} (expected: 0)"
        for row in run.rng.permutation(count)[:4]:
            length = int((source[row] != PAD).sum())
            alone = log_probabilities(run.model(source[row : row + 1, :length], given[row : row + 1]))
            gap = np.abs(alone[0] - usual[row]).max()
            assert gap < CLOSE, f"alone, a log-probability of `{some[row]}` changes by up to {gap:.2g} (expected: 0)"


def check_tokens_ahead_do_not_count(run):
    """At each place, the next token does not depend on the target's tokens after that place."""
    for count in (64, 1, 7, 300, 64):
        source, target = tokens_of(drawn(run, count))
        given = target[:, :-1]
        usual = log_probabilities(run.model(source, given))
        for end in {1, 3, given.shape[1] // 2, given.shape[1] - 1}:
            other = given.copy()
            other[:, end:] = run.rng.integers(1, 27, size=other[:, end:].shape)
            for what in (other, given[:, :end]):
                gap = np.abs(log_probabilities(run.model(source, what))[:, :end] - usual[:, :end]).max()
                assert gap < CLOSE, f"a log-probability at place {end} changes by up to {gap:.2g} (expected: 0)"


def check_no_step_shows_the_token_that_it_asks_for(run):
    """At every step, the decoder is asked for tokens that it has not been given."""
    for call, given, taught, known in taught_tokens(run):
        shown = float(np.mean((given == taught)[known & (given != PAD)]))
        assert shown < 0.3, f"at step {call.step}, {shown:.0%} of the tokens stand there already (expected: few)"


def check_each_step_teaches_the_translations(run):
    """At every step, each place of a translation is taught the token that comes next."""
    for call, _, taught, known in taught_tokens(run):
        wanted = translations(call.inputs[0])[:, : taught.shape[1]]
        wanted = np.pad(wanted, ((0, 0), (0, taught.shape[1] - wanted.shape[1])))
        told = wanted != PAD
        clear = -call.slope.min(axis=2) > CLEAR * np.abs(call.slope).max()  # where much is left to learn
        share = float(np.mean((taught == wanted)[told & clear]))
        assert share > 0.97, f"at step {call.step}, that is so for {share:.0%} of the places (expected: 100 %)"
        silent = float(np.mean(~known[told]))
        assert silent < 0.1, f"at step {call.step}, {silent:.0%} of the places teach nothing (expected: none)"


@needs("check_no_step_shows_the_token_that_it_asks_for")
def check_every_step_trains_the_same_network(run):
    """At every step of the training, the network computes the same as when it is used."""
    odd = trained_otherwise(run)
    assert odd == 0, f"at {odd:.0%} of the sampled steps, a log-probability is different (expected: 0 %)"


def taught_tokens(run):
    """Sampled steps: the call, the decoder's tokens (N, T), those it is taught (N, T), and where it is taught any."""
    found = []
    for call in run.audit.needed().calls:
        if call.slope is None or call.slope.ndim != 3 or call.slope.shape[2] != TOKENS or len(call.inputs) < 2:
            continue
        given = call.inputs[1]
        if given.shape == call.slope.shape[:2] and call.inputs[0].ndim == 2:
            known = np.abs(call.slope).max(axis=2) > 0
            if known.any():
                found.append((call, given, call.slope.argmin(axis=2), known))
    if not found:
        raise UndecidedError("what the training teaches could not be seen")
    return found


def translations(source):
    """The tokens (N, T) that translations of source tokens (N, S) have, from the first letter to the end."""
    names = ["".join(chr(ord("a") + int(token) - 1) for token in row if 1 <= token <= 26) for row in source]
    return tokens_of(names)[1][:, 1:]


def translated(run, names):
    """What `translate` gives for a list of names."""
    letters = run.ask(TRANSLATED, returns=["letters"], needs=NEEDS, words=" ".join(names))["letters"]
    return bytes(letters.astype(np.uint8)).decode().split("|")


def drawn(run, count):
    """Held-out names at random, each at most once."""
    names = "".join(map(chr, run.heldout[0])).split()
    return [names[at] for at in run.rng.permutation(len(names))[:count]]


def tokens_of(names, width=0):
    """Tokens of names (N, S), and of their translations from start to end (N, T + 1), with padding behind."""
    source = [[ord(letter) - ord("a") + 1 for letter in name] + [END] for name in names]
    target = [[START] + [ord(x) - ord("a") + 1 for x in pig_latin(name)] + [END] for name in names]
    return padded(source, width), padded(target)


def padded(rows, width=0):
    """Rows of tokens with zeros behind (N, at least width)."""
    width = max(width, *map(len, rows))
    return np.array([row + [PAD] * (width - len(row)) for row in rows], dtype=np.int64)


def pig_latin(name):
    """The name in Pig Latin."""
    start = next((i for i, letter in enumerate(name) if letter in VOWELS), 0)
    return name[start:] + name[:start] + ("ay" if start else "way")
