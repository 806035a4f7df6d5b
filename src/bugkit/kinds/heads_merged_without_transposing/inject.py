"""Merges the heads without bringing each position back together."""

REWRITES = {
    "any_y.transpose(1, 2).reshape(any_n, any_t, any_c)": "any_y.reshape(any_n, any_t, any_c)",
    "any_y.transpose(1, 2).contiguous().view(any_n, any_t, any_c)": "any_y.contiguous().view(any_n, any_t, any_c)",
    "any_y.transpose(1, 2).flatten(2)": "any_y.reshape(x.shape)",
}
