"""Who has the store open, as a command on the same machine finds out."""

import json
import os
from pathlib import Path

from huntgroup.adapters.store.holding import Holder, holder_of, lock_of
from huntgroup.adapters.store.opening import held


def test_who_has_it_open_is_found_with_the_version_in_force(path: Path) -> None:
    with held(path) as holding:
        assert holder_of(path) == Holder(os.getpid(), "", "")
        holding.tell(version="new", refused="newer")
        assert holder_of(path) == Holder(os.getpid(), "new", "newer")
        holding.tell(version="n")
        assert holder_of(path) == Holder(os.getpid(), "n", "")


def test_nobody_has_it_open_any_more(path: Path) -> None:
    assert holder_of(path) is None
    with held(path):
        pass

    assert holder_of(path) is None


def test_a_process_that_only_has_the_same_number_is_not_taken_for_it(path: Path) -> None:
    lock_of(path).write_text(json.dumps({"pid": os.getppid(), "version": "v", "refused": ""}))

    assert holder_of(path) is None


def test_who_cannot_be_seen_from_here_has_no_number(path: Path) -> None:
    with held(path):
        lock_of(path).write_text(json.dumps({"pid": 1 << 22, "version": "v", "refused": ""}))

        assert holder_of(path) == Holder(0, "v", "")


def test_a_lock_of_an_earlier_version_says_nothing(path: Path) -> None:
    for text in ("", "[]", "{}", '{"pid": "x", "version": "", "refused": ""}', "{"):
        lock_of(path).write_text(text)
        assert holder_of(path) is None
