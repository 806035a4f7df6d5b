# row: 67
# class: broken
# place: after training
# allowed: no_answer
# tries: forgets everything.

%reset -f
