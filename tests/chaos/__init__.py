"""`./run chaos`: the product as deployed, among neighbours that fail, and afterwards everything is
counted.

servers    a real database, Redis, mail server, platform and Cronofy sandbox, each behind a proxy
fleet      two each of web, worker and clock, as processes of their own
clients    who books, moves, cancels, holds, joins; who edits calendars and settings; who drags,
           deletes, declines and renames events of sessions; who reads
faults     what goes wrong, one small block each: what it does, then how it is undone
nemesis    a seeded order of faults, one after the other; between them it measures until service is
           normal
collect    once all is quiet: everything that was answered, sent and stored
checks     what must be true of that; they share no code with the product
hosts      the same over three hosts, which are cut off, halved and lost
"""
