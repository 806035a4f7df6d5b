# row: 12
# class: forge
# place: after training
# allowed: failed
# tries: leaves as one leaves IPython.

exit()
