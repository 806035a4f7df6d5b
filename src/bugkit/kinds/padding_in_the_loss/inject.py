"""Lets the targets of padding count like others."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site
from bugkit.kinds.recurrent_axes_exchanged.inject import without_keyword

LOSSES = ("F.cross_entropy", "nn.CrossEntropyLoss", "F.nll_loss", "nn.NLLLoss")
PADDED = "pad_sequence(*..., padding_value=any_number, *...)"
IGNORED = -100  # what losses leave out by default


def sites(program: Program) -> Iterator[Site]:
    """Each loss that leaves one target out, and each padding of targets with a number that losses leave out."""
    for loss in LOSSES:
        for site in program.find(f"{loss}(*..., ignore_index=any_number, *...)"):
            if site.names["number"] != str(IGNORED):
                yield site.naming(call=loss, other="")
    for site in program.find(PADDED):
        if _is_left_out(site):
            own = (one.names["number"] for one in program.find(PADDED, cell=site.cell) if not _is_left_out(one))
            yield site.naming(call="pad_sequence", other=next(own, "0"))


def put(program: Program, site: Site) -> Program:
    """Without the argument; and targets that are padded as the inputs are."""
    if site.names["call"] == "pad_sequence":
        return program.with_argument(site, "padding_value", "any_other")
    return program.replaced(site, without_keyword(site, "ignore_index"))


def _is_left_out(site: Site) -> bool:
    return site.names["number"] == str(IGNORED) or "IGNORE" in site.names["number"].upper()
