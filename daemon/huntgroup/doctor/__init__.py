"""`huntgroup doctor`: tries the real peers one by one, and says what mends what fails.

It looks from outside, as another client beside the daemon: it changes nothing at the PBX, leaves nothing at the broker
and only reads the store. Each peer has a module of its own that gives findings; `exam` asks them in turn.
"""
