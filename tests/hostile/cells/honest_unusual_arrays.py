# row: 18
# class: honest
# place: after training
# allowed: passed
# tries: answers in double precision, not contiguous, read-only, with negative zeros, as a column and as a subclass.

honest = predict


class Marked(np.ndarray):
    pass


def predict(x):
    answers = np.repeat(honest(np.asarray(x, dtype=">f8")), 3)[::3].view(Marked)
    answers += -0.0
    answers.flags.writeable = False
    return answers
