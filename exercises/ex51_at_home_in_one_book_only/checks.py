"""What a correct fix of ex51 shows: new text is encoded as the training text was, and comes back as it was."""

from itertools import pairwise

import numpy as np

from bugkit.checks import nll
from bugkit.invariants import check_every_row_teaches, check_gradients_are_whole

__all__ = ["check_every_row_teaches", "check_gradients_are_whole"]

CONTEXT = 4  # tokens
LONG = 12_000  # characters of held-out text
KNOWN = 2.15  # nats per character; right programs 1.9
WORDS = 300
NEEDS = ["encode", "decode", "pieces_of", "merges", "alphabet", "model"]
ENCODED = """
cut = [str(piece) for piece in pieces_of(text)]
tokens = np.array([int(token) for token in encode(text)], dtype=np.int64)
lengths = np.array([len(piece) for piece in cut], dtype=np.int64)
together = np.frombuffer("".join(cut).encode(), dtype=np.uint8)
back = np.frombuffer(str(decode(tokens.tolist())).encode(), dtype=np.uint8)
"""
SEVERAL = """
rows = [[int(token) for token in encode(word)] for word in words.split("|")]
tokens = np.array([token for row in rows for token in row], dtype=np.int64)
counts = np.array([len(row) for row in rows], dtype=np.int64)
"""
TABLE = """
pairs = np.array([[int(left), int(right)] for left, right in merges], dtype=np.int64).reshape(-1, 2)
chars = np.frombuffer("".join(alphabet).encode("utf-32-le"), dtype=np.uint32).astype(np.int64)
"""
SHORT = (
    "Alice",
    "  two blanks",
    "one line\n\n\nand another",
    "ends with blanks   ",
    "\n",
    " \n \n",
    "`No, no!' said the Queen.  `Sentence first--verdict afterwards.'\n",
    "a--b (c); d: 'e'\n\n     indented\n",
)


def gap(run):
    """How much more a character at the end of the book costs than one of the training text"""
    text, known = heldout_text(run), text_of(run.train[0][:LONG])
    found, table = encoded(run, known), Table(run)
    cut, ends = text_of(found["together"]), np.cumsum(found["lengths"].astype(int))
    proper = [token for begin, end in pairwise([0, *ends]) for token in table.encode(cut[begin:end])]
    return cost(run, encoded(run, text)["tokens"], text) - cost(run, proper, known)


def check_the_network_knows_the_book(run):
    """A held-out character costs the network little, in the tokens that `encode` gives."""
    text = heldout_text(run)
    found = cost(run, encoded(run, text)["tokens"], text)
    assert found < KNOWN, f"it costs {found:.2f} nats (expected: below {KNOWN})"


def check_pieces_are_the_whole_text(run):
    """The pieces of a text, one after the other, are the text."""
    refuse_loss(run, "together")


def check_a_text_comes_back_as_it_was(run):
    """`decode` gives back what `encode` was given, character by character."""
    refuse_loss(run, "back")


def check_pairs_are_merged_in_the_order_of_learning(run):
    """A word's tokens are those of byte-pair encoding: of its pairs, the one that was learned first is merged first."""
    words = sorted({word for word in heldout_text(run).split() if word.isalpha()})
    words = [words[at] for at in run.rng.permutation(len(words))[:WORDS]]
    words += ["".join(run.rng.permutation(list(word))) for word in words[:50]] + [2 * word for word in words[50:100]]
    told = run.ask(SEVERAL, returns=["tokens", "counts"], needs=NEEDS, words="|".join(words))
    found = np.split(told["tokens"].astype(int), np.cumsum(told["counts"].astype(int))[:-1])
    table = Table(run)
    wrong = [word for word, tokens in zip(words, found, strict=True) if tokens.tolist() != table.encode(word)]
    assert not wrong, f"{len(wrong)} of {len(words)} words have other tokens, such as `{wrong[0]}` (expected: none)"


class Table:
    """The notebook's merges, and byte-pair encoding by its definition."""

    def __init__(self, run):
        told = run.ask(TABLE, returns=["pairs", "chars"], needs=NEEDS)
        self.chars = {chr(int(code)): token for token, code in enumerate(told["chars"])}
        self.ranks = {tuple(pair): rank for rank, pair in enumerate(told["pairs"].astype(int).tolist())}
        self.known = {}

    def encode(self, piece):
        """The tokens of a piece: the pair of the lowest rank is merged first, everywhere in the piece."""
        if piece not in self.known:
            tokens = [self.chars[char] for char in piece if char in self.chars]
            while pairs := set(pairwise(tokens)) & self.ranks.keys():
                first = min(pairs, key=self.ranks.get)
                tokens = joined(tokens, first, len(self.chars) + self.ranks[first])
            self.known[piece] = tokens
        return self.known[piece]


def joined(tokens, pair, new):
    """Tokens with each `pair` replaced, from left to right."""
    out = []
    for token in tokens:
        if out and (out[-1], token) == pair:
            out[-1] = new
        else:
            out.append(token)
    return out


def cost(run, tokens, text):
    """Nats per character of a text's tokens after the first ones."""
    rows = np.lib.stride_tricks.sliding_window_view(np.asarray(tokens, dtype=np.int64), CONTEXT + 1)
    return nll(run.model(rows[:, :-1].copy()), rows[:, -1]) * len(rows) / len(text)


def refuse_loss(run, what):
    """What is made of a text has to be the text."""
    known = "".join(Table(run).chars)
    drawn = ["".join(run.rng.choice(list(known), size=size)) for size in (1, 7, 200)]
    for asked in (*SHORT, *drawn, heldout_text(run)[:2000]):
        text = "".join(char for char in asked if char in known)
        found = text_of(encoded(run, text)[what])
        if found != text:
            at = next((at for at, (one, two) in enumerate(zip(found, text, strict=False)) if one != two), len(found))
            raise AssertionError(
                f"of {text[max(at - 8, 0) : at + 8]!r}, {found[max(at - 8, 0) : at + 8]!r} is left;"
                f" {len(text)} characters became {len(found)} (expected: the same text)"
            )


def text_of(codes):
    """The text of some bytes."""
    return codes.astype(np.uint8).tobytes().decode(errors="replace")


def encoded(run, text):
    """What the notebook makes of a text."""
    return run.ask(ENCODED, returns=["tokens", "lengths", "together", "back"], needs=NEEDS, text=text)


def heldout_text(run):
    """Text that no notebook sees, in the characters that it knows."""
    (codes,) = run.heldout
    known = set(bytes(run.train[0].astype(np.uint8)).decode())
    return "".join(char for char in bytes(codes[:LONG].astype(np.uint8)).decode() if char in known)
