"""An hour of mixed calls: all that people do with telephones, at random and at once, and at its end nothing is left.

    python -m tests.endurance.hour                       an hour, from a seed that is printed
    python -m tests.endurance.hour --seconds 300 --seed 7

The runs beside this one prove by every call that nobody is dropped. This one proves that whatever people, phones and
processes did, no channel, bridge, offer, inquiry or busy operator outlives it. The short run in `make test` is the
same code.
"""
