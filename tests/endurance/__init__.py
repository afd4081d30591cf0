"""Real processes under a load of real calls, while one of them is killed, cut off or starved again and again.

    python -m tests.endurance                  300 kills of the daemon, and the other faults in smaller numbers
    python -m tests.endurance --only kill --faults 20 --seed 7

What every telephone saw is held against what the daemon wrote down. The short run in `make test` is the same code.
"""
