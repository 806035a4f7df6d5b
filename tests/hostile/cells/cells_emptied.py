# row: 6
# class: forge
# place: before everything
# allowed: failed, no_answer
# tries: turns every later cell into nothing, so that none can fail.

get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\n"])
