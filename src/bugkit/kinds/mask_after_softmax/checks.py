"""What a mask behind the softmax breaks: later scores count in its denominator."""

from bugkit.kinds.causal_mask_missing.checks import (
    check_no_output_depends_on_later_symbols,
    check_training_computes_what_answers_later,
)

__all__ = ["check_no_output_depends_on_later_symbols", "check_training_computes_what_answers_later"]
