"""What heads that are cut out of the wrong axis break: each sees positions that it is not meant to see."""

from bugkit.kinds.causal_mask_missing.checks import (
    check_no_output_depends_on_later_symbols,
    check_training_computes_what_answers_later,
)

__all__ = ["check_no_output_depends_on_later_symbols", "check_training_computes_what_answers_later"]
