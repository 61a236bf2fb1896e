"""A Cronofy on your laptop: speaks its protocol on a real socket, with a control API to play the
person and bad luck.

    server.Sandbox     in this process, for tests
    server.serve       until SIGTERM, for `coachcal sandbox`
    control.Control    the client of /sandbox/: connect a calendar, write events into it, and wait
                       for the pushes
    app.CONTROL        every order that /sandbox/ takes: break a profile, order a fault, turn the
                       clock

Nothing here is shared with the client in `workers.cronofy`: a shared bug would hide.
"""
