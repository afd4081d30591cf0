"""Writes into the text of a TOML file what has changed in its tables, and leaves every other character where it is.

Comments, blank lines, the order of keys, the way in which a table or a number is written: all of that is the
administrator's. A new text is read again, and if it does not mean just what it should it is refused: so a way of
writing that this does not know costs a refusal and never a file.
"""

import tomllib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from huntgroup.errors import HuntgroupError
from huntgroup.settings.layout import Pair, Section, Value, layout
from huntgroup.settings.outline import Data
from huntgroup.settings.toml_text import assigned, end_of_line, key_name, list_text, written
from huntgroup.settings.words import Key, spelled

NAMES = ("id", "number")
"""The keys by which a table of a list is known."""


class CannotBeRewritten(HuntgroupError):  # noqa: N818 - reads as what happened
    """The file is written in a way that only a person can change."""

    code = "cannot_be_rewritten"

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"{spelled(self.key) or 'the file'} is written in a way that can only be changed by hand"


def rewritten(text: str, before: Data, after: Data) -> str:
    """The text, which means ``before``, changed so that it means ``after``.

    Raises:
        CannotBeRewritten: when that cannot be done.
    """
    editor = _Editor(text)
    editor.table((), before, after)
    try:
        meant = tomllib.loads(editor.text)
    except tomllib.TOMLDecodeError:
        raise CannotBeRewritten(()) from None
    if not same(_told(meant), _told(after)):
        raise CannotBeRewritten(())
    return editor.text


def same(one: Any, other: Any) -> bool:
    """Whether two values are alike, with their types: in Python 1 is 1.0 and True."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def name_of(table: Any) -> str | None:
    """What a table of a list is known by; None: by nothing."""
    if not isinstance(table, dict):
        return None
    return next((str(table[name]) for name in NAMES if name in table), None)


def _told(data: Data) -> Data:
    """Without empty lists of tables: to have none of them and not to speak of them is the same."""
    return {name: value for name, value in data.items() if value != []}


class _Place(NamedTuple):
    """A pair with its whole key, and the pairs beside it; ``section`` is None inside an inline table."""

    key: Key
    pair: Pair
    beside: Sequence[Pair]
    section: Section | None


class _Editor:
    """Makes one change after the other, each on the text that the last one left."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"

    # -- what differs -----------------------------------------------------------------------------------------------

    def table(self, key: Key, before: Data, after: Data) -> None:
        """A table whose keys differ."""
        for name in before:
            if name not in after:
                self._remove((*key, name))
        for name, value in after.items():
            if name not in before:
                self._add(key, name, value)
            elif not same(before[name], value):
                self._change((*key, name), before[name], value)

    def _change(self, key: Key, before: Any, after: Any) -> None:
        if isinstance(before, dict) and isinstance(after, dict):
            self.table(key, before, after)
            if not after and not self._is_said(key):
                self._add(key[:-1], str(key[-1]), after)
        elif isinstance(before, list) and isinstance(after, list):
            if len(key) == 1 and all(isinstance(each, dict) for each in before + after):
                self._tables(key, before, after)
            else:
                self._list(key, before, after)
        else:
            self._replace(key, after)

    def _tables(self, key: Key, before: list[Data], after: list[Data]) -> None:
        """A list of tables: each is known by its name, new ones come last."""
        wanted = {name_of(each): each for each in after}
        for position, each in reversed(list(enumerate(before))):
            if name_of(each) not in wanted:
                self._remove((*key, position))
        kept = [each for each in before if name_of(each) in wanted]
        for position, each in enumerate(kept):
            self.table((*key, position), each, wanted[name_of(each)])
        known = {name_of(each) for each in kept}
        for each in after:
            if name_of(each) not in known:
                self._append(key, each)

    # -- finding ----------------------------------------------------------------------------------------------------

    def _places(self) -> Iterator[_Place]:
        for section in layout(self.text):
            yield from _inside(section.path, section.pairs, section)

    def _is_said(self, key: Key) -> bool:
        """Whether the text still tells of a table, which may have stood in nothing but the names of its keys."""
        paths = (*(each.key for each in self._places()), *(each.path for each in layout(self.text)))
        return any(_is_below(each, key) for each in paths)

    def _value_at(self, key: Key) -> Value | None:
        """The value that stands in the text under a key."""
        for place in self._places():
            if place.key == key:
                return place.pair.value
            items = place.pair.value.items
            if items and place.key == key[:-1] and isinstance(key[-1], int):
                return items[key[-1]]
        return None

    # -- changing ---------------------------------------------------------------------------------------------------

    def _splice(self, start: int, end: int, text: str) -> None:
        self.text = self.text[:start] + text + self.text[end:]

    def _replace(self, key: Key, value: Any) -> None:
        found = self._value_at(key)
        if found is not None:
            self._splice(found.start, found.end, written(value))
        else:
            self._remove(key)
            self._add(key[:-1], str(key[-1]), value)

    def _list(self, key: Key, before: list[Any], after: list[Any]) -> None:
        found = self._value_at(key)
        if found is None or found.items is None:
            raise CannotBeRewritten(key)
        left = list(enumerate(before))
        order: list[int | str] = []
        for value in after:
            known = next((each for each in left if same(each[1], value)), None)
            if known is not None:
                left.remove(known)
            order.append(known[0] if known is not None else written(value))
        self._splice(found.start, found.end, list_text(self.text, found, order, self._newline))

    def _remove(self, key: Key) -> None:
        """Everything at a key and below it, from behind, so that nothing moves that is still to go."""
        item = self._value_at(key) if isinstance(key[-1], int) else None
        if item is not None:
            found = self._value_at(key[:-1])
            if found is None or found.items is None:
                raise CannotBeRewritten(key)
            order = [position for position in range(len(found.items)) if position != key[-1]]
            self._splice(found.start, found.end, list_text(self.text, found, order, self._newline))
            return
        for place in reversed([each for each in self._places() if _is_below(each.key, key)]):
            # An inline table goes with all that is in it.
            if place.section is not None or not _is_below(place.key[: -len(place.pair.names)], key):
                self._remove_pair(place)
        for section in reversed([each for each in layout(self.text) if _is_below(each.path, key)]):
            self._remove_header(section)

    def _remove_pair(self, place: _Place) -> None:
        pair, beside = place.pair, list(place.beside)
        if place.section is not None:
            self._splice(self._line_start(pair.start), end_of_line(self.text, pair.value.end), "")
            return
        position = next(number for number, each in enumerate(beside) if each.start == pair.start)
        if position > 0:
            self._splice(beside[position - 1].value.end, pair.value.end, "")
        elif len(beside) > 1:
            self._splice(pair.start, beside[1].start, "")
        else:
            self._splice(pair.start, pair.value.end, "")

    def _remove_header(self, section: Section) -> None:
        """A header whose pairs are gone, with the blank lines behind it."""
        end = end_of_line(self.text, section.end)
        while end < len(self.text) and not self.text[end : self._line_end(end)].strip():
            end = self._line_end(end)
        before = self.text[: self._line_start(section.start)]
        if end >= len(self.text):
            before = before.rstrip() + self._newline if before.strip() else ""
        self.text = before + self.text[end:]

    # -- adding -----------------------------------------------------------------------------------------------------

    def _add(self, table: Key, name: str, value: Any) -> None:
        """A key that a table does not have yet."""
        if not table and isinstance(value, dict):
            self._put_below(len(self.text), [f"[{key_name(name)}]", *(assigned(*pair) for pair in value.items())])
        elif not table and isinstance(value, list):
            for each in value:
                self._append((name,), each)
        elif not self._add_to_section(table, name, value) and not self._add_to_inline(table, name, value):
            raise CannotBeRewritten((*table, name))

    def _add_to_section(self, table: Key, name: str, value: Any) -> bool:
        """Below the last key of a table with a header, or of one whose name stands in dotted keys."""
        for section in layout(self.text):
            inside = [each for each in section.pairs if _is_below((*section.path, *each.names), table)]
            prefix = tuple(str(each) for each in table[len(section.path) :])
            if section.path == table:
                last = section.pairs[-1] if section.pairs else None
            elif section.path == table[: len(section.path)] and inside and len(inside[-1].names) > len(prefix):
                last = inside[-1]
            else:
                continue
            end = end_of_line(self.text, last.value.end if last else section.end)
            start = self._line_start(last.start if last else section.start)
            indent = self.text[start : last.start if last else section.start]
            gap = "" if self.text[:end].endswith("\n") else self._newline
            line = ".".join([*map(key_name, prefix), assigned(name, value)])
            self._splice(end, end, f"{gap}{indent}{line}{self._newline}")
            return True
        return False

    def _add_to_inline(self, table: Key, name: str, value: Any) -> bool:
        found = self._value_at(table)
        if found is None or found.pairs is None:
            return False
        if found.pairs:
            end = found.pairs[-1].value.end
            self._splice(end, end, f", {assigned(name, value)}")
        else:
            self._splice(found.start, found.end, written({name: value}))
        return True

    def _append(self, key: Key, table: Data) -> None:
        """Another table for a list of them."""
        found = self._value_at(key)
        if found is not None and found.items is not None:
            order: list[int | str] = [*range(len(found.items)), written(table)]
            self._splice(found.start, found.end, list_text(self.text, found, order, self._newline))
            return
        mine = [each for each in layout(self.text) if _is_below(each.path, key)]
        lines = [f"[[{key_name(str(key[0]))}]]", *(assigned(*pair) for pair in table.items())]
        self._put_below(self._end_of_block(mine[-1]) if mine else len(self.text), lines)

    def _end_of_block(self, section: Section) -> int:
        """Behind a section's last line, and behind comments right below it: unless a header follows, they are its."""
        last = section.pairs[-1].value.end if section.pairs else section.end
        end = below = end_of_line(self.text, last)
        while self.text[below : self._line_end(below)].lstrip().startswith("#"):
            below = self._line_end(below)
        is_others = self.text[below : self._line_end(below)].strip() != ""
        return end if is_others else below

    def _put_below(self, at: int, lines: Sequence[str]) -> None:
        """Lines with a blank one above them, and one below if anything follows."""
        above = self.text[:at]
        gap = "" if not above.strip() else self._newline if above.endswith("\n") else self._newline * 2
        if above.endswith((self._newline * 2, "\n\n")):
            gap = ""
        rest = self.text[at : self._line_end(at)]
        is_crowded = at < len(self.text) and rest.strip() != ""
        self._splice(at, at, gap + "".join(f"{line}{self._newline}" for line in lines) + self._newline * is_crowded)

    def _line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def _line_end(self, at: int) -> int:
        """Where the line behind this one begins."""
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1


def _inside(table: Key, pairs: Sequence[Pair], section: Section | None) -> Iterator[_Place]:
    for pair in pairs:
        key: Key = (*table, *pair.names)
        yield _Place(key, pair, pairs, section)
        yield from _inside(key, pair.value.pairs or (), None)
        for position, item in enumerate(pair.value.items or ()):
            yield from _inside((*key, position), item.pairs or (), None)


def _is_below(key: Key, other: Key) -> bool:
    """Whether a key is another one, or below it."""
    return key[: len(other)] == other
