"""What a correct fix of ex62 shows: a loss that can be sure, embeddings of the trained network, and true ranks."""

import math
import re
from collections import Counter

import numpy as np

from bugkit import data
from bugkit.audit import UndecidedError
from bugkit.checks import needs
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole
from bugkit.questions import replayed

WORDS, ASKED, MISSPELLED = 24, 6, 0.7  # of a passage, of a query, and how many of these
K1, B = 1.2, 0.75  # of BM25
TEMPERATURE = 0.05
OFFSET = 60
CLOSE = 1e-3
SAME = 1e-4  # of a number of an embedding; float32 moves one by some 1e-7
LOSS = "loss = torch.as_tensor(float(contrastive_loss(queries, passages)), dtype=torch.float64)"
TEXTS = """
texts = [text.split() for text in lines.split(chr(10))]
if isinstance(model, torch.nn.Module):
    model.eval()
"""
SCORES = (
    TEXTS
    + """
with torch.set_grad_enabled(bool(learning)):
    scores = torch.as_tensor({"bm25": bm25, "dense": dense, "search": search}[way](texts)).detach()
"""
)
SIMILARITIES = (
    TEXTS
    + """
with torch.no_grad():
    scores = torch.as_tensor(model(features(texts))) @ torch.as_tensor(model(features(passages))).T
"""
)
NEEDS = ["model", "features", "passages", "bm25", "dense", "search"]
PASSAGES = """
joined = chr(10).join(" ".join(passage) for passage in passages)
letters = np.frombuffer(joined.encode(), dtype=np.uint8)
"""


def lost_places(run):
    """1 minus the mean reciprocal place of the passage that is searched for"""
    places = []
    for _ in range(8):
        chosen, queries = drawn(run, 150)
        places.append(places_of(asked(run, queries, "search"), chosen))
    return float(1 - np.mean(1 / np.concatenate(places)))


def check_the_passages_are_those_of_the_text(run):
    """The passages have 24 words each, in the order of the text."""
    told = run.ask(PASSAGES, {}, ["letters"], needs=["passages"])["letters"]
    told = "".join(map(chr, told)).split("\n")
    wanted = [" ".join(passage) for passage in text()]
    assert len(told) == len(wanted), f"there are {len(told)} passages (expected: {len(wanted)})"
    odd = sum(one != other for one, other in zip(told, wanted, strict=True))
    assert odd == 0, f"{odd} of {len(wanted)} passages are others (expected: 0)"


def check_words_are_scored_as_by_bm25(run):
    """`bm25` scores passages as Okapi BM25 does, and words that no passage has count for nothing."""
    weights = bm25_weights()
    for size in (60, 1, 7):
        _, queries = drawn(run, size)
        queries = [[*query, "qqq"] for query in queries]
        told = asked(run, queries, "bm25")
        for query, scores in zip(queries, told, strict=True):
            wanted = sum(weights[word] for word in query if word in weights)
            if np.ptp(wanted) > 0:
                alike = float(np.corrcoef(wanted, scores)[0, 1])
                assert alike > 0.98, f"for the query {' '.join(query)!r}, the correlation is {alike:.2f} (expected: 1)"


def check_the_loss_has_its_temperature(run):
    """For any embeddings, `contrastive_loss` is the cross-entropy of cosine similarities at a temperature of 0.05."""
    for size, spread in ((64, 1.0), (1, 1.0), (64, 0.3), (7, 0.1), (200, 0.5), (64, 2.0), (2, 0.2)):
        passages = of_length_one(run.rng.standard_normal((size, 96)))
        queries = of_length_one(passages + spread * run.rng.standard_normal((size, 96)) / math.sqrt(96))
        arrays = {"queries": queries.astype(np.float32), "passages": passages.astype(np.float32)}
        told = float(run.ask(LOSS, arrays, ["loss"], needs=["contrastive_loss"])["loss"])
        logits = queries @ passages.T / TEMPERATURE
        wanted = float(np.mean(np.logaddexp.reduce(logits, axis=1) - np.diagonal(logits)))
        assert abs(told - wanted) < CLOSE + 0.01 * wanted, (
            f"for {size} queries, it is {told:.3f} (expected: {wanted:.3f})"
        )


def check_each_step_tells_passages_apart(run):
    """At every step, the gradients of embeddings are as long as those of a loss at a temperature of 0.05."""
    seen = 0
    for call in run.audit.needed().calls:
        if call.slope is None or call.slope.ndim != 2 or len(call.slope) < 8:
            continue
        seen += 1
        length = float(np.sqrt((call.slope.astype(np.float64) ** 2).sum(axis=1)).mean() * call.rows)
        assert length > 0.5, f"at step {call.step}, that of an embedding has a length of {length:.2g} (expected: 3)"
    if not seen:
        raise UndecidedError("what the training teaches could not be seen")


def check_both_sides_are_embedded_by_the_trained_network(run):
    """`dense` compares embeddings of queries and of passages that the trained network gives."""
    for size in (60, 1, 7, 60):
        _, queries = drawn(run, size)
        lines = "\n".join(" ".join(query) for query in queries)
        wanted = run.ask(SIMILARITIES, {}, ["scores"], needs=NEEDS, lines=lines)["scores"]
        gap = float(np.abs(asked(run, queries, "dense").astype(np.float64) - wanted).max())
        assert gap < CLOSE, f"for {size} queries, a similarity is off by up to {gap:.2g} (expected: 0)"


@needs("check_both_sides_are_embedded_by_the_trained_network")
def check_embeddings_find_passages(run):
    """The embeddings alone find the passages of misspelled queries."""
    chosen, queries = drawn(run, 400)
    place = float(np.mean(1 / places_of(asked(run, queries, "dense"), chosen)))
    assert place > 0.6, f"the mean reciprocal place is {place:.2f} (expected: over 0.6)"


def check_ranks_are_joined(run):
    """`search` adds 1 / (60 + rank) of both lists, where the best passage of a list has rank 1."""
    for turn, size in enumerate((60, 1, 7, 200, 2, 30, 1, 60)):
        _, queries = drawn(run, size)
        joined = asked(run, queries, "search", learning=turn % 2 == 1)
        wanted, certain = np.zeros(joined.shape), np.ones(joined.shape, dtype=bool)
        for scores in (asked(run, queries, "bm25"), asked(run, queries, "dense")):
            for row, one in enumerate(scores):
                _, inverse, counts = np.unique(-one, return_inverse=True, return_counts=True)
                certain[row] &= counts[inverse] == 1
                wanted[row] += 1 / (OFFSET + 1 + np.searchsorted(np.sort(-one), -one))
        gap = float(np.abs(joined - wanted)[certain].max(initial=0))
        assert gap < 3e-5, f"for {size} queries, a score of at most 0.033 is off by up to {gap:.2g} (expected: 0)"


def check_every_step_trains_the_same_network(run):
    """At every step of the training, the network computes the same as when it is used."""
    gaps = [np.abs(then - answers).max(axis=-1) for _, then, answers in replayed(run)]
    if not gaps or np.median([gap[0].min() for gap in gaps]) > SAME:
        raise UndecidedError("what the network computed in training could not be compared")
    odd = float(np.mean([gap.max() > 0.02 for gap in gaps]))
    assert odd == 0, f"at {odd:.0%} of the sampled steps, an embedding is different (expected: 0 %)"


def asked(run, queries, way, *, learning=False):
    """The scores (Q, D) that `bm25`, `dense` or `search` gives to the passages, with gradients on or off."""
    lines = "\n".join(" ".join(query) for query in queries)
    return run.ask(SCORES, {}, ["scores"], needs=NEEDS, lines=lines, way=way, learning=learning)["scores"]


def places_of(scores, chosen):
    """The places (Q,) of the passages that are searched for; the last of those with equal scores."""
    own = scores[np.arange(len(chosen)), chosen][:, None]
    return (scores >= own).sum(axis=1)


def drawn(run, count):
    """Passages at random, by number (Q,), and a query for each, some words of which are misspelled."""
    passages = text()
    chosen = run.rng.integers(len(passages) - 1, size=count)
    queries = []
    for number in chosen:
        places = np.sort(run.rng.permutation(WORDS)[:ASKED])
        queries.append([misspelled(run.rng, passages[number][place]) for place in places])
    return chosen, queries


def misspelled(rng, word):
    """The word, or often another one that has one other letter."""
    if len(word) < 3 or rng.random() > MISSPELLED:
        return word
    place = rng.integers(len(word))
    return word[:place] + chr(ord("a") + rng.integers(26)) + word[place + 1 :]


def text():
    """The passages, as lists of words."""
    words = re.findall(r"[a-z]+", data.alice().lower())
    return [words[start : start + WORDS] for start in range(0, len(words), WORDS)]


def bm25_weights():
    """For each word, what it adds to the scores of passages (D,)."""
    passages = text()
    mean = np.mean([len(passage) for passage in passages])
    norms = np.array([K1 * (1 - B + B * len(passage) / mean) for passage in passages])
    counts = {}
    for number, passage in enumerate(passages):
        for word, count in Counter(passage).items():
            counts.setdefault(word, np.zeros(len(passages)))[number] = count
    weights = {}
    for word, found in counts.items():
        holding = (found > 0).sum()
        idf = math.log(1 + (len(passages) - holding + 0.5) / (holding + 0.5))
        weights[word] = idf * found * (K1 + 1) / (found + norms)
    return weights


def of_length_one(x):
    """Rows of length 1."""
    return x / np.sqrt((x**2).sum(axis=1, keepdims=True))
