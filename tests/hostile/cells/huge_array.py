# row: 44
# class: exhaust
# place: after training
# allowed: out_of_memory, passed
# tries: asks for hundreds of gigabytes at once.

big = np.ones(1 << 36)
