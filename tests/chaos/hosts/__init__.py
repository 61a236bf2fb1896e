"""`./run chaos --hosts 3`: the same clients and checks over three hosts, each of which has a web, a
worker, a clock and a sentinel.

network    a network of our own: a switch, and hosts behind a cable each
database   a primary whose commits wait for its standby
scene      the neighbours, the hosts, the coaches
faults     a host is cut off, parted from a neighbour, or lost; the primary is, or Redis
"""
