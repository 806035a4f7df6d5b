# row: 18
# class: forge
# place: after training
# allowed: failed, no_answer
# tries: gives no number at all, over which every statement holds.


def predict(x):
    return np.zeros(0)
