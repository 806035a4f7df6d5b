# row: 44
# class: exhaust
# place: after training
# memory: 512
# allowed: out_of_memory
# tries: takes memory in small pieces, and again when it is refused.

pieces = []
while True:
    try:
        pieces.append(b"x" * (1 << 22))
    except MemoryError:
        pass
