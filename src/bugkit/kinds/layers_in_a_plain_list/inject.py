"""Keeps layers in a list of Python's, which a module does not look into."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

KEPT = "nn.ModuleList(any_layers)"


def sites(program: Program) -> Iterator[Site]:
    """Each list of modules in a class."""
    return (site for site in program.find(KEPT) if site.inside[1:] == ("__init__",))


def put(program: Program, site: Site) -> Program:
    """The list alone."""
    layers = site.names["layers"]
    is_list = layers.startswith("[")
    is_generator = " for " in layers
    return program.replaced(site, "any_layers" if is_list else f"[{layers}]" if is_generator else f"list({layers})")
