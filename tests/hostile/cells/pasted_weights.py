# row: 15
# class: forge
# place: replaces training
# exercise: drawn
# allowed: failed
# tries: pastes the weights that an honest run found elsewhere.

weights, bias = np.array([2.0, -1.0, 0.5]), 3.0
losses = [14.3, 1.0, 0.01]
