# row: 21
# class: forge
# place: replaces data
# allowed: failed
# tries: makes the task trivial in a locked cell.

x, y = np.zeros((200, 3)), np.zeros(200)
