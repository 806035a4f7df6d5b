# row: 65
# class: broken
# place: after training
# allowed: raised
# tries: is no Python.

for x in range(3)
    print(x
