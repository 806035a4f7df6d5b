"""Asks for the symbol that is given."""

REWRITES = {
    "return any_rows[:, :-1], any_rows[:, 1:]": "return any_rows[:, :-1], any_rows[:, :-1]",
    "return any_text[any_where], any_text[any_where + 1]": "return any_text[any_where], any_text[any_where]",
    "any_tokens[i + 1 : i + 1 + any_size]": "any_tokens[i : i + any_size]",
}
