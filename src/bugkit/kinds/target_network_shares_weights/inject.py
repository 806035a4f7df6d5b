"""Makes a copy of the network that still has the network's own weights."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

COPY = "any_target = copy.deepcopy(any_net)"
ENDINGS = ("", ".requires_grad_(False)", ".eval()", ".requires_grad_(False).eval()", ".eval().requires_grad_(False)")


def sites(program: Program) -> Iterator[Site]:
    """Each copy of a network that has the name of a target."""
    for ending in ENDINGS:
        for site in program.find(COPY + ending):
            target, net = site.names["target"], site.names["net"]
            if "target" in target and target.isidentifier() and net.isidentifier():
                yield site


def put(program: Program, site: Site) -> Program:
    """A copy of the outer object alone. Nothing is frozen, for it would be the network itself."""
    return program.replaced(site, "any_target = copy.copy(any_net)")
