# row: 65
# class: broken
# place: after training
# allowed: passed
# tries: mixes tabs and blanks.

if True:
	a = 1
        b = 2
