"""Lets the future end where only the time was up."""

REWRITES = {
    "any_rewards + any_gamma * any_next * ~terminated": "any_rewards + any_gamma * any_next * ~done",
}
