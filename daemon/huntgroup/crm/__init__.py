"""A CRM beside the house: what it is asked, what it is told, and when.

`words`, `deeds` and `telling` are the vocabulary that the connectors and the store know. The rest, `desk` at its
head, sits above them: it waits, remembers, tries again, and keeps a CRM that hangs, fails or lies away from calls.
"""
