# row: -
# class: honest
# place: after training
# allowed: passed
# tries: measures a whole cell.

%%time
total = sum(losses)
total
