# row: -
# class: honest
# place: after training
# allowed: passed
# tries: measures, captures and looks things up with IPython's own words.

%timeit -n 2 -r 2 predict(x)
%time losses[-1]
%who
predict?
%config InlineBackend.figure_format = "retina"
%env OMP_NUM_THREADS
await __import__("asyncio").sleep(0)
_ = !echo one
