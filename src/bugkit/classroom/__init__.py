"""A class: what students get, what they hand in, how it is graded, what the instructor sees of it."""
