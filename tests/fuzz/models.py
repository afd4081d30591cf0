"""Generates values for pydantic models from the models themselves: mostly valid, sometimes nearly valid."""

from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from tests.fuzz.dice import Dice

Make = Callable[[Dice], Any]


class Maker:
    """Generates values. ``names``: sample texts by field name. ``kinds``: sample values by ``id()`` of an annotation's
    metadata, such as a validator; the first two samples are valid."""

    def __init__(
        self, names: Mapping[str, Sequence[Any]], kinds: Mapping[int, Sequence[Any]], *, optional: float = 0.4
    ) -> None:
        self._names = names
        self._kinds = kinds
        self._optional = optional
        self._known: dict[type[BaseModel], Make] = {}

    def of(self, annotation: Any, name: str = "") -> Make:
        """A generator for an annotation; ``name`` is the field's name."""
        origin = get_origin(annotation)
        if origin is not None:
            return self._of_parts(origin, get_args(annotation), name)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self.model(annotation)
        return self._plain(annotation, name)

    def _of_parts(self, origin: Any, parts: tuple[Any, ...], name: str) -> Make:
        if origin is Annotated:
            inner, *metadata = parts
            return self._annotated(inner, metadata, name)
        if origin is Literal:
            return _choice(parts)
        makers = [self.of(each, name) for each in parts if each is not Ellipsis]
        if origin in (Union, UnionType):
            return lambda dice: dice.pick(makers)(dice)
        if origin is dict:
            key, value = makers
            return lambda dice: {str(key(dice)): value(dice) for _ in range(dice.one_of(0, 1, 1, 2))}
        item = makers[0]
        return lambda dice: [item(dice) for _ in range(dice.one_of(0, 1, 1, 2, 3))]

    def model(self, model: type[BaseModel]) -> Make:
        """A generator of tables for a model."""
        known = self._known.get(model)
        if known is not None:
            return known
        makers: dict[str, tuple[Make, bool]] = {}

        def make(dice: Dice) -> dict[str, Any]:
            return {
                name: made(dice)
                for name, (made, is_needed) in makers.items()
                if is_needed or dice.random() < self._optional
            }

        self._known[model] = make  # before its fields, one of which may be the model itself
        hints = get_type_hints(model, include_extras=True)
        for name, info in model.model_fields.items():
            shown = info.alias or name
            makers[shown] = (self._field(hints[name], info, shown), info.is_required())
        return make

    def fields(self, model: type[BaseModel]) -> dict[str, Make]:
        """A generator of values for each key of a model's tables."""
        hints = get_type_hints(model, include_extras=True)
        shown = {name: info.alias or name for name, info in model.model_fields.items()}
        return {shown[name]: self._field(hints[name], info, shown[name]) for name, info in model.model_fields.items()}

    def _field(self, hint: Any, info: FieldInfo, name: str) -> Make:
        kind = self._kinds.get(id(info))
        return _sample(kind) if kind is not None else self.of(hint, name)

    def _annotated(self, inner: Any, metadata: Sequence[Any], name: str) -> Make:
        for each in metadata:
            kind = self._kinds.get(id(each))
            if kind is not None:
                return _sample(kind)
        if name in self._names and inner is str:
            return _choice(self._names[name])
        flat = [*metadata, *(part for each in metadata for part in getattr(each, "metadata", ()))]
        if inner is int or inner is float:
            return _number(flat, is_whole=inner is int)
        if inner is str:
            return _text(flat)
        return self.of(inner, name)

    def _plain(self, annotation: Any, name: str) -> Make:
        if name in self._names and annotation is str:
            return _choice(self._names[name])
        if annotation is bool:
            return _choice((True, False))
        if annotation is int or annotation is float:
            return _number((), is_whole=annotation is int)
        if annotation is NoneType:
            return _choice((None,))
        if annotation is str:
            return _text(())
        return lambda dice: dice.value()


def _choice(choices: Sequence[Any]) -> Make:
    return lambda dice: dice.pick(choices)


def _sample(samples: Sequence[Any]) -> Make:
    """Mostly one of the first two samples, which are valid."""
    right = samples[:2]
    return lambda dice: dice.pick(right if dice.random() < 0.75 else samples)


def _number(metadata: Sequence[Any], *, is_whole: bool) -> Make:
    least: Any = -5
    most: Any = 10**6
    for each in metadata:
        least = {Ge: lambda m: m.ge, Gt: lambda m: m.gt}.get(type(each), lambda _, least=least: least)(each)
        most = {Le: lambda m: m.le, Lt: lambda m: m.lt}.get(type(each), lambda _, most=most: most)(each)
    edges = (least, most, least, most, least - 1, most + 1)

    def make(dice: Dice) -> Any:
        if dice.chance(0.3):
            return dice.pick(edges)
        found = least + dice.random() * min(most - least, 20)
        return int(found) if is_whole else found

    return make


def _text(metadata: Sequence[Any]) -> Make:
    longest = 300
    shortest = 0
    for each in metadata:
        if isinstance(each, StringConstraints):
            longest, shortest = each.max_length or longest, each.min_length or shortest
        elif isinstance(each, MaxLen):
            longest = each.max_length
        elif isinstance(each, MinLen):
            shortest = each.min_length

    def make(dice: Dice) -> str:
        text = dice.text()
        if dice.chance(0.05):
            return ((text or "x") * longest)[: longest + dice.below(2)]
        return text[:longest] or "x" * shortest

    return make
