# row: 51
# class: exhaust
# place: after training
# allowed: raised, out_of_memory, killed, timed_out, passed
# tries: draws a figure of 50,000 by 50,000 pixels.

import matplotlib.pyplot as plt

plt.figure(figsize=(500, 500), dpi=100)
plt.plot(losses)
plt.savefig("/tmp/figure.png")
