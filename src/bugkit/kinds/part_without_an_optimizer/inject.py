"""Gives the optimizer a part of the weights."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

WHOLE = "torch.optim.any_kind(any_model.parameters(), *...)"
LAST = "return self.any_last(any_input)"


def sites(program: Program) -> Iterator[Site]:
    """Each optimizer of a whole network whose last layer has a name, or is the last of several in a row."""
    for site in program.find(WHOLE):
        made = program.first(f"{site.names['model']} = any_class(*...)")
        if made is None:
            continue
        if made.names["class"] == "nn.Sequential":
            yield site.naming(part=f"{site.names['model']}[-1]")
        for last in program.find(LAST):
            if last.inside == (made.names["class"], "forward"):
                yield site.naming(part=f"{site.names['model']}.{last.names['last']}")


def put(program: Program, site: Site) -> Program:
    """The optimizer of this part."""
    weights = program.beside(site, f"{site.names['model']}.parameters()")
    assert weights
    return program.replaced(weights, "any_part.parameters()", part=site.names["part"])
