"""Creates the optimizer in every round of the training loop."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

MADE = "any_optimizer = torch.optim.any_kind(*...)"
STATEFUL = ("Adam", "AdamW", "RMSprop", "Adagrad", "NAdam", "RAdam")


def sites(program: Program) -> Iterator[Site]:
    """Each optimizer with a state of its own, and a loop in which the training step is taken."""
    for made in program.find(MADE):
        if made.inside or made.names["kind"] not in STATEFUL or program.has("torch.optim.lr_scheduler.any_name(*...)"):
            continue
        for line in program.find("for any_epoch in range(any_epochs):\n    ..."):
            if not line.inside and f"{program.roles.step}(" in line.code:
                yield made.naming(loop=line.cell, epochs=line.names["epochs"])


def put(program: Program, site: Site) -> Program:
    """The line that makes it, as the first one of the loop."""
    text = site.code.strip()
    moved = program.without(site)
    loop = moved.first(f"for any_epoch in range({site.names['epochs']}):\n    ...", cell=site.names["loop"])
    assert loop
    return moved.first_in(loop, text)
