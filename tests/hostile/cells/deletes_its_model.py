# row: 67
# class: broken
# place: after training
# allowed: no_answer
# tries: deletes what is asked for.

del predict
