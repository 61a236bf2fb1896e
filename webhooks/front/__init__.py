"""What stands between the network and the application: HTTP/1.1 over sockets, read whole before a
thread is taken.

worker.py   gunicorn's worker: its sockets, its threads, how it ends
hall.py     what the lines of one process share: who is in, and how much of their requests is kept
line.py     one connection: requests come in, in order, and their answers go out
wsgi.py     a request as a WSGI application wants it, and its answer as it goes over the line

Any WSGI server can run the application. Ours is stricter about what a request is, and nobody who is
slow or silent holds a thread of it: a thread sees only requests that are whole.
"""
