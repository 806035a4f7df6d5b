"""A verdict for readers: one module per format. They only format; what is judged is judged elsewhere."""
