"""Styles: the same program as another person would write it."""

from __future__ import annotations

from collections.abc import Callable

from bugkit.author import asides, descent, loops, spelling
from bugkit.author.draft import Draft

Style = Callable[[Draft], Draft | None]

STYLES: dict[str, Style] = {
    "function": loops.in_a_function,
    "class": loops.in_a_class,
    "generator": loops.in_a_generator,
    "renamed": spelling.renamed,
    "keywords": spelling.by_keyword,
    "joined": spelling.joined,
    "split": spelling.split,
    "autograd-grad": descent.gradients_assigned,
    "by-hand": descent.updates_by_hand,
    "closure": descent.by_closure,
    "torch-func": descent.functional,
    "float64": spelling.in_double_precision,
    "wrapped": asides.wrapped,
    "saved-and-loaded": asides.saved_and_loaded,
    "one-batch": asides.overfits_one_batch,
    "copy": asides.looks_at_a_copy,
    "builtins": asides.shadows_builtins,
    "gradients-off": asides.leaves_gradients_off,
}


def in_all_styles(draft: Draft) -> dict[str, Draft | None]:
    """The program in every style; None where a style does not apply."""
    return {name: style(draft) for name, style in STYLES.items()}


def in_one_style(draft: Draft, turn: int) -> tuple[str, Draft] | None:
    """The program in the first style that applies, counted from ``turn``; None where none does."""
    names = list(STYLES)
    for name in [*names[turn % len(names) :], *names[: turn % len(names)]]:
        styled = STYLES[name](draft)
        if styled is not None:
            return name, styled
    return None
