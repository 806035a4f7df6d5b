# row: 18
# class: forge
# place: after training
# allowed: failed, no_answer
# tries: gives a table where a column is wanted, so that the comparison spreads.


def predict(x):
    return np.zeros((len(x), len(x), 3)) + 3
