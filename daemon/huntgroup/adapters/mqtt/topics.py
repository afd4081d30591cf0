"""Where everything is published. ``prefix`` is the configured one; ids are valid topic levels by their validation."""

from huntgroup.engine.ids import OperatorId


def status(prefix: str) -> str:
    """The daemon itself, retained, and its last will."""
    return f"{prefix}/status"


def operator_state(prefix: str, operator: OperatorId) -> str:
    """One operator's whole state, retained."""
    return f"{prefix}/operators/{operator}/state"
