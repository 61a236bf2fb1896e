"""A Cronofy on your laptop: speaks its protocol on a real socket, with a control API to play the
person and bad luck.

    server.Sandbox     in this process, for tests
    server.serve       until SIGTERM, for `coachcal sandbox`
    control.Control    the client of /sandbox/: add an event, break a profile, inject a fault, turn
                       the clock

Nothing here is shared with the client in `workers.cronofy`: a shared bug would hide.
"""
