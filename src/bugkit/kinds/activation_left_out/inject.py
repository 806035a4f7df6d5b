"""Leaves the activation between two layers out."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

ACTIVATIONS = ("nn.ReLU()", "nn.GELU()", "nn.Tanh()", "nn.SiLU()", "nn.ELU()", "nn.Sigmoid()")
FUNCTIONS = (
    "F.relu(any_x)",
    "F.gelu(any_x)",
    "F.silu(any_x)",
    "torch.relu(any_x)",
    "torch.tanh(any_x)",
    "any_x.relu()",
)


def sites(program: Program) -> Iterator[Site]:
    """Each activation, as a layer among others or as a function of one layer's output."""
    for activation in ACTIVATIONS:
        for site in program.find(f"nn.Sequential(*..., {activation}, *...)"):
            yield site.naming(activation=activation)
    for function in FUNCTIONS:
        for site in program.find(function):
            if site.function == "forward" and site.names["x"].startswith("self."):
                yield site.naming(activation=function.partition("(")[0].replace("any_x", "the method"))


def put(program: Program, site: Site) -> Program:
    """The layers directly behind one another."""
    if site.names["activation"] in ACTIVATIONS:
        return program.without_item(site, site.names["activation"])
    return program.replaced(site, "any_x")
