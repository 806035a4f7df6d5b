# row: 65
# class: broken
# place: after training
# allowed: passed
# tries: is no Python, after all that is asked for is there.

for x in range(3)
    print(x
