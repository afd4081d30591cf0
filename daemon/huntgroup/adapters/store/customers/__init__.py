"""Customers in the store: who is known by what, who is responsible for them, and all that was ever changed of it.

Plain functions over a connection. Whoever calls one has begun a transaction, and ends it: so the same function serves
the daemon between two groups of events, and a command beside it.
"""
