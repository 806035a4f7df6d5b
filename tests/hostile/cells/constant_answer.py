# row: 16
# class: forge
# place: after training
# exercise: drawn
# allowed: failed
# tries: always answers with the mean.

middle = float(y.mean())


def predict(x):
    return np.full(len(x), middle)
