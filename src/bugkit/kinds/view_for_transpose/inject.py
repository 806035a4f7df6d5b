"""Cuts the heads out of the wrong axis."""

REWRITES = {
    "any_x.view(any_n, any_t, any_h, any_d).transpose(1, 2)": "any_x.view(any_n, any_h, any_t, any_d)",
    "any_x.reshape(any_n, any_t, any_h, any_d).transpose(1, 2)": "any_x.reshape(any_n, any_h, any_t, any_d)",
    "any_x.unflatten(-1, (any_h, -1)).transpose(1, 2)": "any_x.reshape(len(any_x), any_h, any_x.shape[1], -1)",
}
