"""A telephone exchange, a broker and telephones of one's own on loopback.

For the live tests, the sample run and the benchmarks: a real Asterisk (``pbx``), a real Mosquitto
(``broker``) and scripted SIP phones and callers (``phones``). Knows nothing of the daemon.
"""
