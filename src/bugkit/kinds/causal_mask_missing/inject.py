"""Lets each position see those after it."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "F.scaled_dot_product_attention(any_q, any_k, any_v, is_causal=True)": (
        "F.scaled_dot_product_attention(any_q, any_k, any_v)"
    ),
    "F.softmax(any_scores.masked_fill(any_mask, any_low), dim=-1)": "F.softmax(any_scores, dim=-1)",
}


def sites(program: Program) -> Iterator[Site]:
    """Each place that applies the mask."""
    return program.rewritable(REWRITES)


def put(program: Program, site: Site) -> Program:
    """Without a mask."""
    return program.rewritten(site)
