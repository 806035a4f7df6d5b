# row: 12
# class: forge
# place: after training
# allowed: ended_early
# tries: leaves as one leaves IPython.

exit()
