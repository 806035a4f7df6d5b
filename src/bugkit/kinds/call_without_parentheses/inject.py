"""Names a method without calling it."""

REWRITES = {
    "any_optimizer.zero_grad()": "any_optimizer.zero_grad",
    "any_optimizer.zero_grad(set_to_none=True)": "any_optimizer.zero_grad",
}
