# row: 50
# class: exhaust
# place: after training
# allowed: too_much_output
# tries: prints one line of 64 MiB.

print("x" * (64 << 20))
