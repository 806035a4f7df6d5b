# row: -
# class: honest
# place: after training
# allowed: passed
# tries: draws, saves and shows figures, with text and in several formats.

%matplotlib inline
import io

import matplotlib.pyplot as plt
from IPython.display import Image, display

figure, axes = plt.subplots(2, 2, figsize=(8, 6))
axes[0, 0].semilogy(losses)
axes[0, 1].scatter(x[:, 0], y, s=5)
axes[1, 0].hist(y, bins=30)
axes[1, 1].imshow(np.corrcoef(x.T), cmap="viridis")
figure.suptitle("$\\alpha$ learning curve: früh und spät")
buffer = io.BytesIO()
figure.savefig(buffer, format="png")
figure.savefig("curve.svg")
plt.show()
display(Image(buffer.getvalue()))
