# row: 67
# class: broken
# place: after training
# allowed: no_answer
# tries: gives what is asked for another name.

my_model = predict
predict = None
