"""Text of others on a screen: shown as it is, and never as instructions to the terminal."""

REPLACEMENT = "�"


def plain(what: object) -> str:
    """One line of it, in any script; a control character of any kind is a mark in its place. None is nothing."""
    return "".join(each if each.isprintable() else REPLACEMENT for each in ("" if what is None else str(what)))
