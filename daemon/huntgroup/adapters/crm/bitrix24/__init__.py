"""Bitrix24 over its REST interface, by an inbound webhook: what its public documentation of 2026 says."""
