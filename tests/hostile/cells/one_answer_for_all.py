# row: 18
# class: forge
# place: after training
# allowed: failed, no_answer
# tries: gives one number where many are wanted, to be spread over all of them.


def predict(x):
    return np.float64(3.0)
