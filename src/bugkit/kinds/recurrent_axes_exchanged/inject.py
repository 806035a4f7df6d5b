"""Takes the rows of a batch for the steps of a sequence, and the steps for the rows."""

from collections.abc import Iterator

import libcst as cst

from bugkit.kinds.patterns import code_of
from bugkit.kinds.program import Program, Site

LAYERS = ("nn.LSTM", "nn.GRU", "nn.RNN")
PACKS = "pack_padded_sequence(any_inputs, any_lengths, *..., batch_first=True, *...)"
UNPACKS = "any_states, any_rest = pad_packed_sequence(*..., batch_first=True, *...)"
UNPACKED = "pad_packed_sequence(*..., batch_first=True, *...)"


def sites(program: Program) -> Iterator[Site]:
    """Each recurrent layer of a class that packs nothing; else each place where packed rows become a tensor again."""
    for layer in LAYERS:
        for site in program.find(f"{layer}(*..., batch_first=True, *...)"):
            if site.inside[1:] == ("__init__",) and not _packs(program, site):
                yield site.naming(call=layer)
    for site in program.find(UNPACKS):
        packed = program.beside(site, PACKS)
        if packed and site.names["states"].isidentifier() and packed.names["inputs"].isidentifier():
            yield site.naming(call="pad_packed_sequence", inputs=packed.names["inputs"])


def put(program: Program, site: Site) -> Program:
    """Time first, as is the default. What was unpacked is given the shape that the next line expects."""
    if site.names["call"] in LAYERS:
        return program.replaced(site, without_keyword(site, "batch_first"))
    unpacked = next(one for one in program.find(UNPACKED, cell=site.cell) if one.line is site.line)
    lines = [
        f"any_states, any_rest = {without_keyword(unpacked, 'batch_first')}",
        "any_states = any_states.reshape(len(any_inputs), -1, any_states.shape[-1])",
    ]
    return program.replaced(site, "\n".join(lines))


def _packs(program: Program, site: Site) -> bool:
    """Whether the class packs rows: a layer does not look at ``batch_first`` then."""
    calls = program.find("pack_padded_sequence(*...)", cell=site.cell)
    return any(call.inside[:1] == site.inside[:1] for call in calls)


def without_keyword(site: Site, keyword: str) -> str:
    """The code of a call without one of its keyword arguments."""
    call = cst.ensure_type(site.node, cst.Call)
    kept = [one for one in call.args if one.keyword is None or one.keyword.value != keyword]
    if kept and call.args[-1] not in kept:
        kept[-1] = kept[-1].with_changes(comma=call.args[-1].comma)
    return code_of(call.with_changes(args=kept))
