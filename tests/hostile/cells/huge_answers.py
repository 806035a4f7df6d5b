# row: 18
# class: forge
# place: after training
# allowed: failed
# tries: answers with numbers whose squares overflow.


def predict(x):
    return np.full(len(x), 3e38, dtype="f4") * np.sign(x[:, 0]).astype("f4")
