"""What a correct fix of ex52 shows: BLEU as its authors define it, for any captions and references."""

import math
from collections import Counter

import numpy as np

from bugkit.checks import redrawn
from bugkit.invariants import check_gradients_are_whole

__all__ = ["check_gradients_are_whole"]

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
WORDS = list("abcdefgh")
EXACT = 1e-4  # of BLEU, from 0 to 1
SETS = 30  # of captions and references
DESCRIBED = """
told = describe(torch.as_tensor(images).to(torch.get_default_dtype()))
captions = [[str(word) for word in caption] for caption in told]
lines = np.frombuffer("|".join(" ".join(caption) for caption in captions).encode(), dtype=np.uint8)
"""
# Sets of captions, one a line: a caption and its references, with bars between them.
MARKED = """
marks = []
for one in sets.split("\\n\\n"):
    rows = [[text.split() for text in line.split("|")] for line in one.split("\\n")]
    marks.append(float(bleu([row[0] for row in rows], [row[1:] for row in rows])))
marks = np.array(marks, dtype=np.float64)
"""


def draw(rng):
    """The same task with other digits held out."""
    return redrawn("digits", rng)


def share_of_baselines(run):
    """What a brief caption and a parrot get on average, as a share of the network's mark, for held-out pictures"""
    captions = described(run, run.heldout[0])
    references = [alike(run.rng, words) for words in captions]
    written = (captions, [words[:4] for words in captions], [2 * words[3:] for words in captions])
    network, brief, parrot = marks_of(run, [list(zip(some, references, strict=True)) for some in written])
    return float((brief + parrot) / (2 * max(network, 1e-9)))


def check_captions_say_which_digit_it_is(run):
    """The captions of held-out pictures name the right digit."""
    images, labels = run.heldout
    captions = described(run, images)
    right = np.mean([DIGITS[label] in words for label, words in zip(labels, captions, strict=True)])
    assert right > 0.8, f"{right:.0%} of them do (expected: over 80 %)"


def check_repeated_words_do_not_count_twice(run):
    """Words count at most as often as in the reference that has most of them."""
    sets = []
    for _ in range(SETS):
        references = [words_of(run.rng, 12, 3) for _ in range(int(run.rng.integers(2, 5)))]
        sets.append([(words_of(run.rng, 12, 2), references) for _ in range(4)])
    compare(run, sets, "captions that repeat words")


def check_short_captions_pay(run):
    """Captions that are shorter than their closest references pay for it, and longer ones do not."""
    sets = []
    for _ in range(SETS):
        reference = words_of(run.rng, int(run.rng.integers(8, 20)), 8)
        size = int(run.rng.integers(4, 24))
        longer = [*reference, *words_of(run.rng, 24, 8)][:size]
        others = [words_of(run.rng, int(run.rng.integers(5, 24)), 8) for _ in range(int(run.rng.integers(0, 3)))]
        sets.append([(longer, [reference, *others])])
    for size in (5, 6, 9):  # two references are equally close, in both orders
        caption = words_of(run.rng, size, 8)
        longer, shorter = [*caption, "x"], caption[:-1]
        sets += [[(caption, [longer, shorter])], [(caption, [shorter, longer])]]
    compare(run, sets, "captions of other lengths than their references")


def check_all_captions_count_together(run):
    """Matches and lengths are added up over all captions, before anything is divided."""
    sets = []
    for _ in range(SETS):
        rows = []
        for _ in range(int(run.rng.integers(2, 9))):
            reference = words_of(run.rng, int(run.rng.integers(1, 25)), 8)
            rows.append((spoiled(run.rng, reference), [reference, words_of(run.rng, len(reference), 8)]))
        sets.append(rows)
    compare(run, sets, "captions of very different lengths")


def check_equal_captions_get_the_best_mark(run):
    """Captions that are one of their references get 1, and captions that have nothing in common get 0."""
    rng, sets = run.rng, []
    for _ in range(SETS // 2):
        reference = words_of(rng, int(rng.integers(4, 20)), 8)
        sets.append([(reference, [words_of(rng, 9, 8), reference])])
        sets.append([(["x", "y", "z", *reference[:2], "x"], [reference])])
    compare(run, sets, "captions that are equal to a reference, or have no four words in common with one")


def compare(run, sets, what):
    """The notebook's marks have to be those of the definition."""
    found, expected = marks_of(run, sets), np.array([bleu_of(some) for some in sets])
    worst = int(np.abs(found - expected).argmax())
    assert abs(found[worst] - expected[worst]) < EXACT, (
        f"for {what}, BLEU is {found[worst]:.3f} (expected: {expected[worst]:.3f}) in the worst of {len(sets)} cases"
    )


def marks_of(run, sets):
    """What the notebook's `bleu` says of each set (N,)."""
    text = "\n\n".join(
        "\n".join("|".join(" ".join(words) for words in (caption, *references)) for caption, references in some)
        for some in sets
    )
    return run.ask(MARKED, returns=["marks"], needs=["bleu"], sets=text)["marks"]


def described(run, images):
    """The notebook's captions of images, as lists of words."""
    lines = run.ask(DESCRIBED, {"images": images}, ["lines"], needs=["describe"])["lines"]
    return [line.split() for line in lines.astype(np.uint8).tobytes().decode().split("|")]


def alike(rng, words):
    """Three descriptions like a caption, as lists of words."""
    other = list(words)
    other[int(rng.integers(len(words)))] = "other"
    return [other, ["this", "is", *words], [*words, "a", "little"]]


def spoiled(rng, words):
    """A caption with a part left out, or a part repeated."""
    begin, end = sorted(rng.integers(0, len(words) + 1, size=2))
    return words[:end] + words[begin:] if rng.random() < 0.6 else words[: max(end, 1)]


def words_of(rng, count, kinds):
    """Words at random, of a few kinds."""
    return [str(word) for word in rng.choice(WORDS[:kinds], size=count)]


def bleu_of(rows):
    """The definition of Papineni et al. (2002), for captions with their references."""
    matches, totals, length, closest = np.zeros(4), np.zeros(4), 0, 0
    for words, references in rows:
        length += len(words)
        closest += min((abs(len(one) - len(words)), len(one)) for one in references)[1]
        for n in range(1, 5):
            most = Counter()
            for one in references:
                for gram, count in grams(one, n).items():
                    most[gram] = max(most[gram], count)
            matches[n - 1] += sum(min(count, most[gram]) for gram, count in grams(words, n).items())
            totals[n - 1] += max(len(words) - n + 1, 0)
    if (matches == 0).any():
        return 0.0
    penalty = 1.0 if length >= closest else math.exp(1 - closest / length)
    return penalty * float(np.exp(np.mean(np.log(matches / totals))))


def grams(words, n):
    """How often each n-gram occurs."""
    return Counter(tuple(words[at : at + n]) for at in range(len(words) - n + 1))
