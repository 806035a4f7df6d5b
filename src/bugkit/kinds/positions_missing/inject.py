"""Does not tell the network where a symbol stands."""

REWRITES = {
    "self.any_token(any_numbers) + self.any_pos(any_where)": "self.any_token(any_numbers)",
    "self.any_token(any_numbers) + self.any_pos.weight[any_where]": "self.any_token(any_numbers)",
    "self.any_token(any_numbers) + self.any_pos": "self.any_token(any_numbers)",
}
