"""Takes the logarithm of the variance for that of the standard deviation."""

REWRITES = {
    "torch.exp(0.5 * any_logvar)": "torch.exp(any_logvar)",
    "(0.5 * any_logvar).exp()": "any_logvar.exp()",
}
