# row: 65
# class: broken
# place: after training
# allowed: passed, raised
# tries: calls a magic that there is none of.

%no_such_magic at all
