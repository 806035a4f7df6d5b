# row: 18
# class: forge
# place: after training
# allowed: failed, no_answer
# tries: answers with objects that would run code where they are unpacked.


class Yes:
    def __reduce__(self):
        return (print, ("STOLEN: unpickled",))

    def __array__(self, dtype=None, copy=None):
        return np.array([Yes.__new__(Yes)], dtype=object)


def predict(x):
    return np.array([Yes()] * len(x), dtype=object)
