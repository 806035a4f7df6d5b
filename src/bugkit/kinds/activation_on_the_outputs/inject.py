"""Puts an activation behind the last layer."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

LAST = "return self.any_last(any_features)"
IN_A_ROW = "any_network = nn.Sequential(*..., nn.Linear(*...))"


def sites(program: Program) -> Iterator[Site]:
    """The last layer of the network: what its `forward` returns, or the end of a row of layers."""
    network = program.roles.model
    for site in program.find(IN_A_ROW):
        if site.names["network"] == network and not site.inside:
            yield site.naming(last=f"{network}[-1]")
    made = program.first(f"{network} = any_class(*...)")
    for site in program.find(LAST) if made else ():
        if made and site.inside == (made.names["class"], "forward"):
            yield site


def put(program: Program, site: Site) -> Program:
    """Its outputs, cut off at 0."""
    if "features" in site.names:
        return program.replaced(site, "return torch.relu(self.any_last(any_features))")
    row = program.beside(site, "nn.Sequential(*..., nn.Linear(*...))")
    assert row
    return program.with_item(row, "nn.ReLU()")
