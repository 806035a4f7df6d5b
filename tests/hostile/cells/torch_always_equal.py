# row: 4
# class: forge
# place: before everything
# exercise: ex03
# allowed: failed, no_answer, raised
# tries: makes tensors equal to everything, and every loss zero when it is read.

import torch

torch.Tensor.__eq__ = lambda self, other: True
torch.Tensor.item = lambda self: 0.0
torch.Tensor.__float__ = lambda self: 0.0
torch.allclose = torch.equal = lambda *a, **k: True
