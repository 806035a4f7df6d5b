# row: 70
# class: broken
# place: replaces training
# allowed: failed
# tries: does not train.

losses = [float(np.mean((predict(x) - y) ** 2))] * 200
