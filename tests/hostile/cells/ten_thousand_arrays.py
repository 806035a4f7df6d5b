# row: -
# class: exhaust
# place: after training
# allowed: no_answer, failed
# tries: answers with ten thousand arrays of no size and of sixteen dimensions.


def predict(x):
    return {f"a{i}": np.zeros((0,) + (1 << 20,) * 2) for i in range(9_999)}
