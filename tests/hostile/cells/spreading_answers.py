# row: -
# class: exhaust
# place: after training
# allowed: no_answer
# tries: answers once with a column and once with a row, whose difference would be a table of 3 GiB in the grader.

honest, calls = predict, [0]


def predict(x):
    if len(x) == 500:
        return honest(x)
    calls[0] += 1
    return np.zeros((20_000, 1) if calls[0] % 2 else (1, 20_000))
