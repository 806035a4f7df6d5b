# row: -
# class: honest
# place: after training
# allowed: passed
# tries: writes a module of its own beside the notebook and uses it.

from pathlib import Path

Path("my_tools.py").write_text("def mean(values):\n    return sum(values) / len(values)\n")
import my_tools

assert my_tools.mean([1, 3]) == 2
%load_ext autoreload
%autoreload 2
