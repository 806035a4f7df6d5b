"""Takes the larger of the plain and the clipped objective."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

BOTH = (
    "any_ratio * any_advantages, any_clipped * any_advantages",
    "any_advantages * any_ratio, any_advantages * any_clipped",
)
LARGER = {"torch.minimum": "torch.maximum", "torch.min": "torch.max"}
REWRITES = {f"{smaller}({both})": f"{larger}({both})" for smaller, larger in LARGER.items() for both in BOTH}
RATIOS = ("(any_new - any_old).exp()", "torch.exp(any_new - any_old)")


def sites(program: Program) -> Iterator[Site]:
    """Each minimum of both in a function; with the name of the earlier log-probabilities."""
    for site in program.rewritable(REWRITES):
        ratio = next((found for ratio in RATIOS if (found := program.beside(site, ratio))), None)
        if site.function and ratio and ratio.names["old"].isidentifier() and site.names["advantages"].isidentifier():
            yield site.naming(old=ratio.names["old"])
