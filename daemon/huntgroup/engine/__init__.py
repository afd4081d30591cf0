"""The routing engine: a pure function of the events it is given.

Nothing here reads a clock, opens a socket, draws a random number or awaits. It must know nothing of
Asterisk, MQTT or files; everything it learns comes in as an event and everything it wants leaves as an effect.
"""
