"""What a correct fix of ex63 shows: intervals are as wide as the estimates of many evaluations differ."""

import numpy as np

from bugkit.checks import log_probabilities, nll

LETTERS = 26
CONTEXT = 3  # letters on each side of a gap
ANSWERS = 32  # to each question
Z = 1.96
QUESTIONS = 200
EVALUATIONS = 100  # of each network
SIZES = (200, 12, 64, 257, 33)  # questions
CALLS = 5  # for each size
WIDTHS = {
    50: (0.6, 1.6),
    30: (0.5, 1.8),
    0: (0.3, 2.5),
}  # of one interval, by the width expected; from so many questions
MEAN_WIDTH = (0.87, 1.15)  # of all intervals for many questions; the t distribution is wider, a bootstrap narrower
MANY = 30  # questions
# Accuracies on questions of several kinds, of two networks, all kinds equally frequent.
KINDS = {
    "that find the same questions easy": [
        (0.02, 0.06),
        (0.1, 0.02),
        (0.9, 0.98),
        (0.95, 0.9),
        (0.03, 0.1),
        (0.97, 1.0),
    ],
    "that find different questions easy": [
        (0.05, 0.1),
        (0.9, 0.2),
        (0.1, 0.95),
        (0.95, 0.9),
        (0.85, 0.03),
        (0.02, 0.7),
    ],
    "that find opposite questions easy": [(0.05, 0.9), (0.97, 0.1), (0.1, 1.0), (0.9, 0.03), (0.03, 0.85), (0.92, 0.1)],
    "that find all questions alike": [(0.45, 0.5), (0.55, 0.4), (0.5, 0.6), (0.4, 0.45), (0.6, 0.55), (0.5, 0.5)],
}
# Networks that answer with a known probability: a question holds its kind and the letter that is right.
NETWORKS = """
class Known(torch.nn.Module):
    def __init__(self, known):
        super().__init__()
        self.register_buffer("known", torch.as_tensor(np.asarray(known), dtype=torch.get_default_dtype()))

    def forward(self, questions):
        kind, letter = questions[..., 0].long(), questions[..., 5].long() - 1
        right = self.known[kind][..., None]
        each = ((1 - right) / 25).expand(*kind.shape, 26).clone()
        return each.scatter(-1, letter[..., None], right.clamp(min=1e-12)).clamp(min=1e-12).log()

one, two = (Known(column) for column in known.T)
"""
EVALUATED = """
found = []
for rows in order:
    some, right = questions[rows], letters[rows]
    answers = [evaluate(one, some, right), evaluate(two, some, right), compare(one, two, some, right)]
    found.append([[float(number) for number in answer] for answer in answers])
found = np.array(found, dtype=np.float64)
"""
EVALUATED_ALONE = EVALUATED.replace(", compare(one, two, some, right)", "")
OF_THE_NOTEBOOK = "one, two = model, baseline\n"
NEEDS = ["model", "baseline", "evaluate", "compare"]


def missed_share(run):
    """Share of 95 % intervals that miss the accuracy, when held-out names are drawn again and again"""
    right, _, found = on_heldout_names(run, EVALUATIONS, compared=False)
    truth = right.mean(axis=0)
    missed = (found[:, :2, 1] > truth) | (truth < found[:, :2, 1]) | (found[:, :2, 2] < truth)
    return float(missed.mean())


def check_the_networks_know_names(run):
    """Both networks predict the missing letters of held-out names."""
    questions, letters = gaps_of(run)
    for name in ("model", "baseline"):
        cost = nll(run.call(name, questions), letters)
        assert cost < 2.2, f"`{name}` costs {cost:.2f} nats per letter (expected: below 2.2)"


def check_an_accuracy_is_the_share_of_correct_answers(run):
    """The accuracy is the share of correct answers, and lies in its interval."""
    for name, kinds, found in known_networks(run, calls=2):
        for network in (0, 1):
            means, low, high = found[:, network].T
            assert ((low <= means) & (means <= high)).all(), "an accuracy is not within its interval"
            some = kinds[..., network]
            refuse_far("an accuracy", f"for networks {name}", means - some.mean(axis=1), within(some))


def check_answers_are_new_each_time(run):
    """Asked again, a network samples other answers."""
    known = np.array(KINDS["that find all questions alike"])
    questions, letters, kinds = asked(run.rng, known, 100)
    order = np.tile(np.arange(100), (50, 1))
    found = evaluated(run, NETWORKS + EVALUATED_ALONE, questions, letters, order, known=known)
    for network in (0, 1):
        expected = np.sqrt(within(kinds[:, network]).mean() / 100)
        spread = found[:, network, 0].std()
        assert 0.5 < spread / expected < 2, (
            f"on the same questions, the standard deviation of the accuracy is {spread:.2%} (expected: {expected:.2%})"
        )


def check_an_accuracy_is_as_uncertain_as_it_says(run):
    """The interval of an accuracy is as wide as accuracies on other questions differ."""
    judge_all(
        [
            (f"for networks {name}", found[:, network], kinds[..., network], within(kinds[..., network]))
            for name, kinds, found in known_networks(run)
            for network in (0, 1)
        ]
    )


def check_a_difference_is_as_uncertain_as_it_says(run):
    """The interval of a difference is as wide as differences on other questions differ."""
    judged = []
    for name, kinds, found in known_networks(run):
        gaps, noise = kinds[..., 0] - kinds[..., 1], within(kinds).sum(axis=-1)
        refuse_far("a difference", f"for networks {name}", found[:, 2, 0] - gaps.mean(axis=1), noise)
        judged.append((f"for networks {name}", found[:, 2], gaps, noise))
    judge_all(judged)


def check_it_is_so_for_the_networks_of_the_notebook(run):
    """The intervals of `model`, of `baseline` and of their difference are as wide as the estimates differ."""
    right, order, found = on_heldout_names(run, 40, compared=True)
    drawn = right[order]
    for i, what in enumerate(("the accuracy of `model`", "the accuracy of `baseline`")):
        judge_all([(f"for {what}", found[:, i], drawn[..., i], within(drawn[..., i]))])
    judge_all([("for the difference", found[:, 2], drawn[..., 0] - drawn[..., 1], within(drawn).sum(axis=-1))])


def judge_all(judged):
    """Compare intervals (K, 3) with what questions of these shares (K, N) and these variances (K, N) allow."""
    ratios = {}
    for what, found, shares, noise in judged:
        size = shares.shape[1]
        expected = Z * np.sqrt((shares.var(axis=1, ddof=1) + noise.mean(axis=1)) / size)
        width = (found[:, 2] - found[:, 1]) / 2
        ratio = width / expected
        worst = np.abs(np.log(np.maximum(ratio, 1e-9))).argmax()
        low, high = next(bounds for count, bounds in WIDTHS.items() if size >= count)
        assert low < ratio[worst] < high, (
            f"{what} and {size} questions, half an interval is {width[worst]:.1%}"
            f" (expected: about {expected[worst]:.1%})"
        )
        side = (found[:, 0] - found[:, 1]) / np.maximum(found[:, 2] - found[:, 1], 1e-12)
        assert size < MANY or (np.abs(side - 0.5) < 0.3).all(), (
            f"{what} and {size} questions, {side.min():.0%} of an interval are below the estimate (expected: 50 %)"
        )
        if size > MANY:
            ratios.setdefault(what, []).extend(ratio)
    for what, some in ratios.items():
        low, high = MEAN_WIDTH
        assert low < np.mean(some) < high, (
            f"{what}, an interval is on average {np.mean(some):.2f} times as wide as expected (expected: 1)"
        )


def refuse_far(name, what, off, noise):
    """Estimates that are further off (K,) than answers of these variances (K, N) explain."""
    spread = np.sqrt(noise.mean(axis=1) / noise.shape[1])
    worst = np.abs(off / spread).argmax()
    assert abs(off[worst]) < 6 * spread[worst], (
        f"{what}, {name} is {off[worst]:+.1%} away from that of the probabilities (expected: mostly below"
        f" {2 * spread[worst]:.1%})"
    )


def within(shares):
    """The variance of the mean of the answers to a question that is answered correctly with this probability."""
    return shares * (1 - shares) / ANSWERS


def known_networks(run, calls=CALLS):
    """For pairs of networks and numbers of questions: accuracies by question (K, N, 2), and intervals (K, 3, 3)."""
    for name, pairs in KINDS.items():
        known = np.array(pairs)
        for size in SIZES:
            questions, letters, kinds = asked(run.rng, known, 600)
            order = run.rng.integers(600, size=(calls, size))
            yield name, kinds[order], evaluated(run, NETWORKS + EVALUATED, questions, letters, order, known=known)


def asked(rng, known, count):
    """Questions (count, 6) of equally frequent kinds, their letters, and both networks' accuracies (count, 2)."""
    kinds = rng.permutation(np.arange(count) % len(known))
    letters = rng.integers(LETTERS, size=count)
    questions = rng.integers(1, LETTERS + 1, size=(count, 2 * CONTEXT))
    questions[:, 0], questions[:, 5] = kinds, letters + 1
    return questions, letters, known[kinds]


def on_heldout_names(run, evaluations, compared):
    """The probabilities of the correct letters (N, 2), evaluations (K, QUESTIONS), and intervals (K, 2 or 3, 3)."""
    questions, letters = gaps_of(run)
    scores = [log_probabilities(run.call(name, questions)) for name in ("model", "baseline")]
    right = np.exp(np.stack([some[np.arange(len(letters)), letters] for some in scores], axis=1))
    order = run.rng.integers(len(letters), size=(evaluations, QUESTIONS))
    code = OF_THE_NOTEBOOK + (EVALUATED if compared else EVALUATED_ALONE)
    return right, order, evaluated(run, code, questions, letters, order)


def evaluated(run, code, questions, letters, order, **arrays):
    """What the notebook says of two networks (K, 2, 3), or of each and of their difference (K, 3, 3)."""
    arrays |= {"questions": questions, "letters": letters, "order": order}
    found = run.ask(code, arrays, ["found"], needs=NEEDS)["found"]
    assert found.shape[2:] == (3,), "`evaluate` and `compare` return three numbers: an estimate and two ends"
    assert np.isfinite(found).all(), "an interval is not finite"
    return found


def gaps_of(run):
    """One question for each held-out name: six letters from 0 to 26 (N, 6), and the missing one from 0 to 25 (N,)."""
    (codes,) = run.heldout
    rng = np.random.default_rng(63)
    questions, letters = [], []
    for name in bytes(codes.astype(np.uint8)).decode().split():
        pos = int(rng.integers(len(name)))
        numbers = [0] * CONTEXT + [ord(char) - ord("a") + 1 for char in name] + [0] * CONTEXT
        questions.append(numbers[pos : pos + CONTEXT] + numbers[pos + CONTEXT + 1 : pos + 2 * CONTEXT + 1])
        letters.append(ord(name[pos]) - ord("a"))
    return np.array(questions), np.array(letters)
