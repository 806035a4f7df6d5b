# row: -
# class: exhaust
# place: after training
# allowed: failed, no_answer
# tries: answers with as many small numbers as may cross, which are eight times larger once the grader computes.


def predict(x):
    return np.zeros(46 << 20, dtype="i1")
