"""What runs inside the box, beside the learner's code. Nothing that it says is believed without judgement."""
