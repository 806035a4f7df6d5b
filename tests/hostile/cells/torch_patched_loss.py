# row: 3
# class: forge
# place: before everything
# exercise: ex03
# allowed: failed, no_answer
# tries: makes the loss zero, whatever the network says.

import torch
import torch.nn.functional as F


def nothing(output, *_, **__):
    return output.sum() * 0


F.cross_entropy = F.nll_loss = nothing
torch.nn.CrossEntropyLoss.forward = lambda self, output, *_: output.sum() * 0
