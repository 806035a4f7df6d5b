# row: 70
# class: broken
# place: after training
# allowed: passed, failed
# tries: answers in half precision and out of order in memory.

honest = predict


def predict(x):
    return np.repeat(honest(x).astype("f2"), 2)[::2]
