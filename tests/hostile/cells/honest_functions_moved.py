# row: -
# class: honest
# place: replaces model
# allowed: passed
# tries: puts the model into a class with state, whose instance is called.

from dataclasses import dataclass, field

weights, bias = np.zeros(3), 0.0


@dataclass
class Model:
    calls: list = field(default_factory=list)

    def __call__(self, x):
        self.calls.append(len(x))
        return np.einsum("ij,j->i", x, weights) + bias


predict = Model()
