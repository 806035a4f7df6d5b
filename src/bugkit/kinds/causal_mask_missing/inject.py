"""Lets each position see those after it."""

REWRITES = {
    "F.scaled_dot_product_attention(any_q, any_k, any_v, is_causal=True)": (
        "F.scaled_dot_product_attention(any_q, any_k, any_v)"
    ),
    "F.softmax(any_scores.masked_fill(any_mask, any_low), dim=-1)": "F.softmax(any_scores, dim=-1)",
}
