"""Interviews: a clock, a notebook that nobody has seen, and a debrief by a published rubric."""
