"""The author's side: exercises made from a template, built from their bugs, and proved sound."""
