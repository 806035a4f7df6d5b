# row: 70
# class: broken
# place: after training
# allowed: passed
# tries: records losses that are no numbers, too many of them, and endless ones.


class Endless:
    def __iter__(self):
        return iter([float("nan"), float("inf"), "x", None, 10**400, 1j, [1]] * 50)


losses = Endless()
