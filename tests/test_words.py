"""Words that are not used, in what people read: plain American English, as PyTorch's documentation has it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOT = {  # what is not written, and what is
    r"mend(s|ed|ing)?": "fix",
    r"rightly": "correctly",
    r"wrongly": "incorrectly",
    r"foret(ell|ells|elling|old)": "predict",
    r"shall": "is meant to, or nothing",
    r"(is|are) to be had": "is achievable",
    r"so are \d+ steps": "Budget: at most ...",
    r"by lot|by chance": "at random",
    r"chances?": "probability",
    r"strangers?": "unseen data, other people",
    r"persons": "people",
    r"by heart": "memorize",
    r"for ever": "forever",
    r"anew": "again",
    r"commonest|likeliest": "most common, most likely",
    r"hence|whereby|thereof": "so",
    r"(optim|token|normal|standard|general|initial|recogn)is(e|ed|er|ers|es|ing|ation)": "with z",
    r"(behavi|col|neighb|fav)our\w*|centre[sd]?|tumours?|learnt|spelt|grey(?!\")": "the American spelling",
    r"(do|does|is|are|was|were|has|have|ca|wo|would|should|could)n't(?! allocate)|it's|you're|let's": "no contractions",
    r"more wanted": "the bound that is expected",
}
TITLES = ("Ten equal chances", "Near perfect, but not on strangers", "Not one line by heart")  # as they are known
FOLDERS = (r"ten_equal_chances", r"not_on_strangers", r"not_one_line_by_heart")
FILES = sorted(
    path
    for pattern in (
        "exercises/*/*", "solutions/*/*", "programs/*/*", "docs/*.md", "*.md", "src/bugkit/**/*.py",
        "src/bugkit/**/*.html",
        "src/bugkit/author/template/**/*", "src/bugkit/quiz/*.toml", "src/bugkit/kinds/*/*",
        "src/bugkit/interview/extensions/*/*", "labextension/src/*.ts",
    )
    for path in ROOT.glob(pattern)
    if path.is_file() and path.suffix in {".ipynb", ".toml", ".md", ".py", ".html", ".ts"}
)  # fmt: skip


def prose(path: Path) -> str:
    """What a file says; of a notebook its cells, of which outputs and metadata are none."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    for known in TITLES:
        text = re.sub(r"\s+".join(known.split()), "", text)
    text = re.sub("|".join(FOLDERS), "", text)
    return re.sub(r'^(id|cell|find|replace) = .*$|cell = "[^"]*"|"half:[^"]*"', "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_it_is_plain_english(path: Path) -> None:
    text = prose(path)
    found = [
        f"{text.count(chr(10), 0, hit.start()) + 1}: {hit[0]!r}: {instead}"
        for word, instead in NOT.items()
        for hit in re.finditer(rf"(?<![\w-])(?:{word})(?![\w-])", text, re.IGNORECASE)
    ]
    assert not found, "\n".join(found)


def test_a_word_that_is_not_used_is_found(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("Ten equal chances. It is mended rightly.\n\nThe optimiser learnt it.")
    with pytest.raises(AssertionError) as told:
        test_it_is_plain_english(path)
    assert [
        word
        for word in ("1: 'mended'", "1: 'rightly'", "3: 'optimiser'", "3: 'learnt'", "chances")
        if word in str(told.value)
    ] == ["1: 'mended'", "1: 'rightly'", "3: 'optimiser'", "3: 'learnt'"]
