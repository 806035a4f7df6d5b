"""Lets what comes after the end of an episode count for the steps before it."""

from collections.abc import Iterator

from libcst import matchers as m

from bugkit.kinds.program import Program, Site

GOES_ON = "any_delta + any_gamma * any_lambda * any_later"
CHANGES = {
    f"{GOES_ON} * ~any_done": GOES_ON,
    f"{GOES_ON} * (1 - any_done)": GOES_ON,
    f"{GOES_ON} * (1.0 - any_done)": GOES_ON,
    "torch.where(any_done, any_own, any_rewards + any_gamma * any_later)": "any_rewards + any_gamma * any_later",
}
LOOP = "for any_one, any_mask in zip(any_some, any_masks):\n    ..."


def sites(program: Program) -> Iterator[Site]:
    """Each mask in a recursion over the steps; with the shape of two steps."""
    for pattern, unmasked in CHANGES.items():
        for site in program.find(pattern):
            if site.function:
                yield site.naming(unmasked=unmasked, shape="1, 2" if "[:, " in site.names["done"] else "2, 1")


def put(program: Program, site: Site) -> Program:
    """Without it, and without the loop's variable for it."""
    out = program.replaced(site, site.names["unmasked"])
    loop = out.beside(site, LOOP)
    if loop is None or len(m.findall(loop.node, m.Name(loop.names["mask"]))) > 1:
        return out
    one, mask, some, masks = (loop.names[name] for name in ("one", "mask", "some", "masks"))
    head = f"for {one}, {mask} in zip({some}, {masks}):"
    return out.replaced(loop, loop.code.replace(head, f"for {one} in {some}:")) if head in loop.code else out
