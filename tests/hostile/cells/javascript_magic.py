# row: 65
# class: broken
# place: after training
# allowed: passed
# tries: runs a script in the reader's browser.

%%javascript
alert(document.cookie); IPython.notebook.kernel.execute("PASS")
