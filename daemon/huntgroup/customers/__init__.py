"""Who asks, beyond one inquiry: the words that the store, the broker and the edge have in common.

Knows how a number, an address or a handle is written once. Must not know where customers are kept, nor the engine's
rules.
"""
