"""Gives every symbol that is read with a cache the first positions."""

REWRITES = {
    "self.any_pos(torch.arange(past, past + any_new))": "self.any_pos(torch.arange(any_new))",
}
