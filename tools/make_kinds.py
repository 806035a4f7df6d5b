"""Write ``docs/kinds.md`` from the library and its evidence: ``python tools/make_kinds.py``."""

from collections import Counter
from itertools import groupby
from pathlib import Path

from bugkit.fresh.evidence import Matrix, matrix
from bugkit.kinds import Kind, library

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "kinds.md"
HEAD = """# Kinds of bugs

Made from `src/bugkit/kinds` and what was proved by `python tools/make_kinds.py`. A kind is put into a working program
at each site where it fits. It is offered there, by `bugkit fresh`, if on six seeds the program fails with it, if all
that is correct passes its checks, if its half fixes fail, and if its test tells the two programs apart. Hints,
explanation and test of a kind: `src/bugkit/kinds/<kind>/`.
"""


def page(kinds: list[Kind], known: Matrix) -> str:
    """The whole text."""
    alone = known.alone
    sizes = Counter(len(proof.recipe.bugs) for proof in known.proofs)
    programs = sorted({proof.recipe.program for proof in alone})
    offered = {proof.recipe.bugs[0][0] for proof in alone}
    told = (
        f"{len(offered)} kinds are offered in {len(programs)} programs: {sizes[1]} single bugs, {sizes[2]} pairs, "
        f"{sizes[3]} triples and {sum(sizes[size] for size in sizes if size > 3)} combinations of more."
    )
    parts = [HEAD, told]
    sites = Counter((proof.recipe.bugs[0][0], proof.recipe.program) for proof in alone)
    by_family = sorted(kinds, key=lambda kind: (kind.manifest.family, kind.id))
    for family, some in groupby(by_family, key=lambda kind: kind.manifest.family):
        parts += [
            f"\n## {family.capitalize()}\n",
            "| kind | severity | symptom | offered in |",
            "| --- | --- | --- | --- |",
        ]
        parts += [row(kind, programs, sites) for kind in some]
    return "\n".join(parts) + "\n"


def row(kind: Kind, programs: list[str], sites: Counter[tuple[str, str]]) -> str:
    """One kind, with its programs and how many sites each has if there are several."""
    manifest = kind.manifest
    counts = {name: sites[kind.id, name] for name in programs if sites[kind.id, name]}
    where = ", ".join(name if count == 1 else f"{name} x {count}" for name, count in counts.items())
    return f"| {manifest.title} (`{kind.id}`) | {manifest.severity} | {manifest.symptom} | {where or 'none yet'} |"


if __name__ == "__main__":
    PAGE.write_text(page(library(), matrix()), encoding="utf-8")
