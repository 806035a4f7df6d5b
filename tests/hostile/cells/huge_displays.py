# row: 51
# class: exhaust
# place: after training
# allowed: passed, too_much_output, out_of_memory
# tries: displays two million tags and an image of 64 MiB.

from IPython.display import HTML, display, publish_display_data

display(HTML("<script>alert(1)</script><b>" * 2_000_000))
publish_display_data({"image/png": "A" * (64 << 20), "text/plain": "<img>"})
