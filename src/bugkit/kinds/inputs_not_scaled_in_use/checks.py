"""What a network that is used without the scaling of its training breaks."""

from bugkit.kinds.inputs_scaled_in_training_only.checks import check_inputs_in_use_look_as_in_training

__all__ = ["check_inputs_in_use_look_as_in_training"]
