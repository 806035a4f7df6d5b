# row: 66
# class: broken
# place: after training
# allowed: passed
# tries: waits for somebody to type.

rate = float(input("learning rate? "))
