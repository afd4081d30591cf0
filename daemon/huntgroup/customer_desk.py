"""What programs ask about customers over the broker, done in the store: reading at once, changing by the one writer."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from huntgroup.adapters.mqtt import customer_commands as commands
from huntgroup.adapters.mqtt.customer_commands import AboutCustomers, Who
from huntgroup.adapters.store.customers import desk, erasing, merging
from huntgroup.adapters.store.customers.book import Change, Row
from huntgroup.adapters.store.customers.reading import Readings
from huntgroup.adapters.store.customers.works import Work
from huntgroup.adapters.store.journal import Journal
from huntgroup.customers.identities import Identity, identities
from huntgroup.customers.rules import RuleBook
from huntgroup.customers.words import CustomersError, Happening
from huntgroup.plain import clean

Result = tuple[dict[str, Any], Sequence[Happening]]
Answer = Callable[[dict[str, Any] | CustomersError], None]
SOMEBODY = "mqtt"
"""Who asked, when they do not say."""


@dataclass(slots=True)
class CustomerDesk:
    """``keep``: for how many seconds the store keeps what came in."""

    journal: Journal
    readings: Readings
    rules: RuleBook
    keep: float

    def ask(self, command: AboutCustomers, answer: Answer) -> None:
        """Do it; ``answer`` is called once it is safe, or with why it was not done."""
        if isinstance(command, commands.LookUp):
            try:
                answer(self.readings.ask(lambda database: self._look_up(database, command)))
            except CustomersError as error:
                answer(error)
        elif self.journal.is_full_of_works:
            answer(CustomersError("overloaded", "too much is waiting to be handled; try again later"))
        else:
            self.journal.do(Work(lambda database, now: self._change(database, now, command), answer))

    def _look_up(self, database: sqlite3.Connection, command: commands.LookUp) -> dict[str, Any]:
        return {"customer": desk.shown(database, self._one(database, command.customer, "customer"))}

    def _change(self, database: sqlite3.Connection, now: float, command: AboutCustomers) -> Result:
        change = Change(now, clean(command.by) or SOMEBODY)
        match command:
            case commands.CreateCustomer(customer=new, responsible=responsible):
                who = Who(phone=new.phone, email=new.email, handles=new.handles)
                return desk.create(database, new.name, self._identities(who, "customer"), responsible or None, change)
            case commands.LinkIdentity(customer=who, identity=identity):
                one = self._one(database, who, "customer")
                return desk.link(database, one, self._identities(identity, "identity"), change)
            case commands.MergeCustomers(customer=who, other=other):
                into = self._one(database, who, "customer")
                return desk.join(database, into, self._one(database, other, "other"), change)
            case commands.UndoChange(change=number):
                return {}, merging.undo(database, number, change)
            case commands.SetResponsible(customer=who, operator=operator):
                return desk.set_responsible(database, self._one(database, who, "customer"), operator or None, change)
            case commands.EraseCustomer(customer=who):
                done, told = erasing.erase(database, self._one(database, who, "customer"), change)
                return {**done, "remains_until": desk.instant(now + self.keep)}, told
            case _:
                raise CustomersError("unknown_type", "a command that nobody knows", "type")

    def _one(self, database: sqlite3.Connection, who: Who, at: str) -> Row:
        if who.id:
            return desk.customer(database, who.id, f"{at}.id")
        return desk.found_by(database, self._identities(who, at), at)

    def _identities(self, who: Who, at: str) -> tuple[Identity, ...]:
        """What is given, which must be right: nobody is looked for by half of it."""
        found = identities(
            self.rules.country, phone_text=who.phone, email_text=who.email, handles=tuple(who.handles.items())
        )
        kinds = {each.kind for each in found}
        for kind, given in (("phone", who.phone), ("email", who.email)):
            if given and kind not in kinds:
                what = "a public telephone number" if kind == "phone" else "an address of a person"
                raise CustomersError("invalid", f"{given!r} is not {what}", f"{at}.{kind}")
        return found
