# row: 65
# class: broken
# place: after training
# allowed: passed
# tries: runs a shell in place of Python.

%%bash
echo "in a shell"
ls /
