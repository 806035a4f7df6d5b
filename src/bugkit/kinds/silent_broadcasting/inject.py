"""Pairs every prediction with every target: (N, 1) meets (N,)."""

REWRITES = {
    "any_model(any_inputs).squeeze(1)": "any_model(any_inputs)",
    "any_model(any_inputs).squeeze(-1)": "any_model(any_inputs)",
    "torch.from_numpy(any_array).unsqueeze(1)": "torch.from_numpy(any_array)",
}
