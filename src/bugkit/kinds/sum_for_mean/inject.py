"""Adds the losses of a batch up instead of averaging them."""

from collections.abc import Iterator

from bugkit.kinds.program import Program, Site

REWRITES = {
    "F.cross_entropy(any_logits, any_labels)": 'F.cross_entropy(any_logits, any_labels, reduction="sum")',
    "F.mse_loss(any_found, any_wanted)": 'F.mse_loss(any_found, any_wanted, reduction="sum")',
    "F.binary_cross_entropy_with_logits(any_logits, any_labels)": (
        'F.binary_cross_entropy_with_logits(any_logits, any_labels, reduction="sum")'
    ),
    "nn.MSELoss()": 'nn.MSELoss(reduction="sum")',
    "return any_losses.mean()": "return any_losses.sum()",
    "return -any_losses.mean()": "return -any_losses.sum()",
    "return -torch.log(any_probs).mean()": "return -torch.log(any_probs).sum()",
    "(any_probs - any_wanted) / len(any_labels)": "any_probs - any_wanted",
    "return any_loss, any_grad / len(any_labels)": "return any_loss, any_grad",
}


def sites(program: Program) -> Iterator[Site]:
    """Each mean of losses in a function."""
    return (site for site in program.rewritable(REWRITES) if site.function)
