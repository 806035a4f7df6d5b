# row: -
# class: exhaust
# place: after training
# allowed: no_answer
# tries: answers with more than may cross.


def predict(x):
    return np.zeros(60 << 20, dtype="u1")
