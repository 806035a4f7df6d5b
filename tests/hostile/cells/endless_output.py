# row: 50
# class: exhaust
# place: after training
# allowed: too_much_output
# tries: prints without end.

while True:
    print("PASS" * 1000)
