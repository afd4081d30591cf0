"""Changes of the file by command: who may, what is refused and in which words, and that no edit is ever lost."""

import multiprocessing
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from huntgroup.errors import ChangeRefused, ConfigError
from huntgroup.settings import filing, load
from huntgroup.settings.changes import ADMINISTRATION
from huntgroup.settings.editing import Asker, Outcome, carry_out, load_whole

ENVIRONMENT = {"AMI_SECRET": "s3cret"}
FILE = """\
# The house.
[[pbx]]
id = "main"
host = "127.0.0.1"
username = "huntgroup"
secret_env = "AMI_SECRET"

[[operators]]
id = "anna"             # the first
phones = ["PJSIP/anna"]

[[operators]]
id = "ben"
phones = ["PJSIP/ben"]
role = "supervisor"

[[operators]]
id = "cleo"
phones = ["PJSIP/cleo"]
mobile = "+48600100200"
role = "administrator"

[[operators]]
id = "dora"
phones = ["PJSIP/dora"]
role = "supervisor"

[[groups]]
id = "sales"
operators = ["anna", "ben"]     # ben leads
rings = 4

[[groups]]
id = "support"
operators = ["anna", "cleo"]
supervisors = ["dora"]

[[numbers]]
number = "+1 202 555 0101"
group = "sales"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "etc" / "huntgroup.toml"
    path.parent.mkdir()
    path.write_text(FILE)
    path.chmod(0o640)
    return path


def asks(config: Path, who: str, command: dict[str, Any]) -> Outcome:
    """As an operator; without a name as the shell's user."""
    in_force = load(config, ENVIRONMENT) if who else None
    asker = Asker(name=who, in_force=in_force, environment=ENVIRONMENT)
    return carry_out(config, asker, ADMINISTRATION.validate_python(command))


def refused(config: Path, who: str, command: dict[str, Any]) -> tuple[str, str, str]:
    """Code, place and words; and that nothing was written."""
    before = config.read_text()
    with pytest.raises(ChangeRefused) as caught:
        asks(config, who, command)
    assert config.read_text() == before
    return caught.value.why, caught.value.at, caught.value.message


def set_group(group: str, **changes: Any) -> dict[str, Any]:
    return {"type": "set_group", "group": group, "changes": changes}


def set_operator(operator: str, **changes: Any) -> dict[str, Any]:
    return {"type": "set_operator", "operator": operator, "changes": changes}


def member(kind: str, group: str, operator: str, **more: Any) -> dict[str, Any]:
    return {"type": f"{kind}_member", "group": group, "operator": operator, **more}


# -- who may what -----------------------------------------------------------------------------------------------------

HOURS = {"timezone": "UTC", "mon-fri": "08:00-18:00"}
OF_A_GROUP: dict[str, Any] = {
    "name": "Sales!",
    "operators": ["ben", "anna"],
    "distribution": "evenly",
    "rings": 2,
    "offer_timeout": "30s",
    "check_availability": False,
    "pickup": False,
    "wrapup": "10s",
    "max_wait": "5m",
    "max_waiting": 5,
    "hold": "music",
    "announce": {"position": True},
    "miss_limit": 3,
    "hours": HOURS,
    "on_unanswered": {"action": "keep_waiting"},
    "on_closed": {"action": "hang_up"},
    "on_full": {"action": "group", "group": "support"},
}


@pytest.mark.parametrize("key", OF_A_GROUP)
def test_a_supervisor_changes_their_group(config: Path, key: str) -> None:
    done = asks(config, "ben", set_group("sales", **{"hold": "music", key: OF_A_GROUP[key]}))

    assert f"groups.sales.{key}" in [each.key for each in done.changes]
    assert load_whole(config, ENVIRONMENT) == done.after


@pytest.mark.parametrize("key", ["supervisors", "priority", "id"])
def test_what_concerns_other_groups_is_an_administrators(config: Path, key: str) -> None:
    value = {"supervisors": ["ben"], "priority": 5, "id": "sails"}[key]

    why, at, words = refused(config, "ben", set_group("sales", **{key: value}))

    assert (why, at) == ("not_permitted", key)
    assert "administrator" in words


def test_a_supervisor_changes_no_other_group(config: Path) -> None:
    told = "'support' is no group that you supervise; you supervise `sales`"
    assert refused(config, "ben", set_group("support", rings=2)) == ("not_permitted", "group", told)


def test_a_group_that_names_its_supervisors_is_theirs_and_nobody_elses(config: Path) -> None:
    asks(config, "dora", set_group("support", rings=2))
    asks(config, "cleo", set_group("sales", supervisors=[]))

    why, _, words = refused(config, "ben", set_group("sales", rings=2))

    assert why == "not_permitted"
    assert "you supervise none" in words


@pytest.mark.parametrize("who", ["anna", "nobody"])
@pytest.mark.parametrize("command", [set_group("sales", rings=2), {"type": "show"}, {"type": "check"}])
def test_nobody_else_does_anything(config: Path, who: str, command: dict[str, Any]) -> None:
    told = "only a supervisor or an administrator may do this"
    assert refused(config, who, command) == ("not_permitted", "", told)


@pytest.mark.parametrize(
    "command",
    [
        set_operator("anna", name="Anna"),
        {"type": "add_operator", "operator": {"id": "eva", "phones": ["PJSIP/eva"]}},
        {"type": "remove_operator", "operator": "anna"},
        {"type": "add_group", "group": {"id": "new", "operators": ["anna"]}},
        {"type": "remove_group", "group": "support"},
        {"type": "add_number", "number": {"number": "101", "group": "sales"}},
        {"type": "set_number", "number": "+12025550101", "changes": {"group": "support"}},
        {"type": "add_source", "source": {"id": "web", "channel": "chat", "group": "sales"}},
        {"type": "set_blending", "changes": {"chat": ["call"]}},
        {"type": "reset", "operator": "cleo", "keys": ["mobile"]},
    ],
)
def test_an_administrator_may_do_what_a_supervisor_may_not(config: Path, command: dict[str, Any]) -> None:
    assert refused(config, "ben", command)[0] == "not_permitted"
    assert (
        refused(config, "ben", {"type": "together", "steps": [set_group("sales", rings=2), command]})[0]
        == "not_permitted"
    )

    assert asks(config, "cleo", command).changes != []


def test_a_supervisor_takes_anybody_in_and_moves_and_removes_them(config: Path) -> None:
    asks(config, "ben", member("add", "sales", "cleo", at=1))
    asks(config, "ben", member("move", "sales", "anna", at=3))
    asks(config, "ben", member("remove", "sales", "cleo"))

    assert 'operators = ["ben", "anna"]     # ben leads\n' in config.read_text()


@pytest.mark.parametrize(
    "command",
    [
        member("add", "sales", "dora"),
        member("remove", "sales", "ben"),
        set_group("sales", operators=["anna"]),
        set_group("sales", operators=["anna", "ben", "dora"]),
    ],
)
def test_no_supervisor_gives_or_takes_the_right_over_a_group(config: Path, command: dict[str, Any]) -> None:
    assert refused(config, "ben", command) == (
        "not_permitted",
        "operator",
        "this changes who supervises sales: only an administrator may do that",
    )
    asks(config, "cleo", command)


@pytest.mark.parametrize(
    "command",
    [
        set_operator("cleo", role="operator"),
        {"type": "reset", "operator": "cleo", "keys": ["role"]},
        {"type": "remove_operator", "operator": "cleo"},
    ],
)
def test_nobody_takes_their_own_role_away(config: Path, command: dict[str, Any]) -> None:
    assert refused(config, "cleo", command)[0] == "not_permitted"


def test_an_administrator_gives_roles(config: Path) -> None:
    asks(config, "cleo", set_operator("anna", role="administrator"))
    asks(config, "anna", set_operator("cleo", role=None))

    assert refused(config, "cleo", {"type": "show"})[0] == "not_permitted"


def test_who_lost_the_role_in_a_file_that_is_not_in_force_yet_has_lost_it(config: Path) -> None:
    in_force = load(config, ENVIRONMENT)
    config.write_text(FILE.replace('role = "administrator"', 'role = "operator"'))

    with pytest.raises(ChangeRefused, match="only a supervisor or an administrator"):
        carry_out(
            config,
            Asker(name="cleo", in_force=in_force, environment=ENVIRONMENT),
            ADMINISTRATION.validate_python({"type": "show"}),
        )


def test_an_administrator_sees_everything_but_where_secrets_are(config: Path) -> None:
    shown = asks(config, "cleo", {"type": "show"}).shown or {}

    assert shown["pbx"] == [{"id": "main", "host": "127.0.0.1", "username": "huntgroup"}]
    assert shown["operators"][2]["mobile"] == "+48600100200"


def test_a_supervisor_sees_their_groups_and_who_there_is(config: Path) -> None:
    shown = asks(config, "ben", {"type": "show"}).shown or {}

    assert [each["id"] for each in shown["groups"]] == ["sales"]
    assert shown["operators"][2] == {"id": "cleo", "role": "administrator"}
    assert set(shown) == {"groups", "operators"}


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (set_group("sales", rings=0), ("invalid", "groups[0].rings", "is 0; it must be at least 1")),
        (
            set_group("sales", distribution="evenlyy"),
            (
                "invalid",
                "groups[0].distribution",
                '"evenlyy" is not one of `in_order`, `evenly`, `in_turn` or `all_at_once`; did you mean `evenly`?',
            ),
        ),
        (
            set_group("sales", operators=["anna", "bne"]),
            ("invalid", "groups[0].operators[1]", 'there is no operator "bne"; did you mean `ben`?'),
        ),
        (
            {"type": "remove_group", "group": "sales"},
            ("invalid", "numbers[0].group", 'there is no group "sales"; use `support`'),
        ),
        (
            set_group("sales", wrapup=5),
            ("invalid", "groups[0].wrapup", '5 has no unit; write it as text with a unit, such as "5s"'),
        ),
        (set_group("sails", rings=2), ("unknown_group", "group", 'there is no group "sails"; did you mean `sales`?')),
        (
            member("add", "sales", "bne"),
            ("unknown_operator", "operator", 'there is no operator "bne"; did you mean `ben`?'),
        ),
        (member("add", "sales", "ben"), ("already_there", "operator", "ben is in sales already")),
        (member("move", "sales", "cleo", at=1), ("not_a_member", "operator", "cleo is not in sales")),
        (
            {"type": "add_number", "number": {"number": "+1 (202) 555-0101", "group": "sales"}},
            ("already_there", "number", 'there is a number "+1 (202) 555-0101" already'),
        ),
        (
            set_operator("anna", id="hanna"),
            ("invalid", "id", "it is known by its `id`; remove this one and add another"),
        ),
        ({"type": "reset", "keys": ["rings"]}, ("invalid", "type", "name just one group, operator, number or source")),
        (
            {"type": "set_group", "group": "sales", "changes": {"rings": 2}, "if_version": "0" * 16},
            ("conflict", "if_version", ""),
        ),
        (set_group("support", supervisors=["anna"]), ("invalid", "groups[1].supervisors[0]", "")),
        (set_group("support", supervisors=["dorra"]), ("invalid", "groups[1].supervisors[0]", "")),
    ],
)
def test_a_bad_change_is_refused_in_the_words_of_check_and_nothing_changes(
    config: Path, command: dict[str, Any], wanted: tuple[str, str, str]
) -> None:
    why, at, words = refused(config, "cleo", command)

    assert (why, at) == wanted[:2]
    assert wanted[2] in words


def test_every_mistake_is_told_at_once(config: Path) -> None:
    _, at, words = refused(config, "cleo", set_group("sales", rings=0, ring=2))

    assert at == "groups[0].rings"
    assert words.startswith("is 0; it must be at least 1\ngroups[0].ring: unknown key `ring`; did you mean `rings`?")


def test_several_changes_are_made_together_or_not_at_all(config: Path) -> None:
    steps = [
        {"type": "remove_group", "group": "support"},
        {"type": "add_group", "group": {"id": "help", "operators": ["cleo"], "rings": None}},
        {"type": "set_number", "number": "+1 202 5550101", "changes": {"group": "help"}},
    ]
    assert refused(config, "cleo", {"type": "together", "steps": [*steps, set_group("help", rings=0)]})[0] == "invalid"

    done = asks(config, "cleo", {"type": "together", "steps": steps})

    assert [each.key for each in done.changes] == ["groups.support", "groups.help", "numbers.+1 202 555 0101.group"]


def test_nobody_joins_a_group_that_has_no_list_of_operators(config: Path) -> None:
    steps = [{"type": "add_group", "group": {"id": "help"}}, member("add", "help", "anna")]

    assert refused(config, "cleo", {"type": "together", "steps": steps})[0] == "invalid"


def test_an_operator_who_goes_leaves_their_groups(config: Path) -> None:
    done = asks(config, "cleo", {"type": "remove_operator", "operator": "anna"})

    assert [each.after for each in done.changes] == [None, ["ben"], ["cleo"]]


def test_and_the_crm_whose_user_they_were_is_asked_for_them_no_more(config: Path) -> None:
    crm = '\n[crm]\ntype = "http"\nurl = "https://crm.example/x"\nsecret_env = "CRM"\n[crm.users]\n'
    config.write_text(f'{FILE}{crm}anna = "12"\nben = "15"    # of the shop\n')
    environment = {**ENVIRONMENT, "CRM": "whsec_" + "A" * 40}
    asker = Asker(name="cleo", in_force=load(config, environment), environment=environment)

    carry_out(config, asker, ADMINISTRATION.validate_python({"type": "remove_operator", "operator": "anna"}))

    assert config.read_text().endswith(f'{crm}ben = "15"    # of the shop\n')


def test_a_file_that_is_wrong_already_is_left_alone_and_its_mistake_told(config: Path) -> None:
    in_force = load(config, ENVIRONMENT)
    config.write_text(FILE + "rings = 2\n")

    with pytest.raises(ChangeRefused) as caught:
        carry_out(
            config,
            Asker(name="cleo", in_force=in_force, environment=ENVIRONMENT),
            ADMINISTRATION.validate_python(set_group("sales", rings=2)),
        )

    assert (caught.value.why, caught.value.at) == ("configuration_invalid", "numbers[0].rings")
    assert config.read_text() == FILE + "rings = 2\n"


# -- what is answered -------------------------------------------------------------------------------------------------


def test_the_answer_tells_what_it_was_and_is(config: Path) -> None:
    done = asks(config, "ben", set_group("sales", rings=2, wrapup="5s"))

    assert [(each.key, each.before, each.after) for each in done.changes] == [
        ("groups.sales.rings", 4, 2),
        ("groups.sales.wrapup", None, "5s"),
    ]
    assert done.after.version == load_whole(config, ENVIRONMENT).version != done.before.version


def test_a_dry_run_tells_the_same_and_writes_nothing(config: Path) -> None:
    done = asks(config, "ben", {"type": "check", "change": set_group("sales", rings=2)})

    assert [(each.key, each.before, each.after) for each in done.changes] == [("groups.sales.rings", 4, 2)]
    assert config.read_text() == FILE
    assert refused(config, "ben", {"type": "check", "change": set_group("sales", rings=0)})[0] == "invalid"
    assert refused(config, "ben", {"type": "check", "change": set_group("support", rings=1)})[0] == "not_permitted"


def test_what_is_so_already_writes_nothing(config: Path) -> None:
    inode = config.stat().st_ino

    done = asks(config, "ben", set_group("sales", rings=4))

    assert done.changes == []
    assert config.stat().st_ino == inode


def test_the_version_of_an_answer_is_the_one_for_the_next_change(config: Path) -> None:
    version = asks(config, "ben", {"type": "show"}).after.version

    version = asks(config, "ben", {**set_group("sales", rings=3), "if_version": version}).after.version

    assert asks(config, "ben", {**set_group("sales", rings=2), "if_version": version}).changes != []


def test_peers_and_secrets_are_part_of_no_command(config: Path) -> None:
    for section in ("store", "mqtt", "pbx", "telephony"):
        with pytest.raises(ValueError, match="type"):
            asks(config, "cleo", {"type": f"set_{section}", "changes": {}})


# -- the file ---------------------------------------------------------------------------------------------------------


def test_mode_and_comments_and_the_rest_of_the_file_are_kept(config: Path) -> None:
    asks(config, "ben", set_group("sales", rings=3))

    assert config.read_text() == FILE.replace("rings = 4", "rings = 3")
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert [each.name for each in config.parent.iterdir()] == ["huntgroup.toml"]


def test_owner_and_group_are_kept(config: Path) -> None:
    if os.geteuid() == 0:
        os.chown(config, 12345, 54321)

    was = config.stat()
    asks(config, "ben", set_group("sales", rings=3))

    assert (config.stat().st_uid, config.stat().st_gid) == (was.st_uid, was.st_gid)


def test_a_link_stays_one_and_its_target_is_written(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(config)

    asks(link, "ben", set_group("sales", rings=3))

    assert link.is_symlink()
    assert "rings = 3" in config.read_text()


def test_a_byte_order_mark_and_line_ends_are_kept(config: Path) -> None:
    config.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())

    asks(config, "ben", set_group("sales", wrapup="5s"))

    wanted = FILE.replace("rings = 4\n", 'rings = 4\nwrapup = "5s"\n')
    assert config.read_bytes() == b"\xef\xbb\xbf" + wanted.replace("\n", "\r\n").encode()


def saved_meanwhile(monkeypatch: pytest.MonkeyPatch, name: str, save: Callable[[], object], times: int = 1) -> None:
    """Somebody saves the file just before a step of the writing."""
    real, left = getattr(filing, name), [times]

    def step(*arguments: Any) -> Any:
        if left[0] > 0:
            left[0] -= 1
            save()
        return real(*arguments)

    monkeypatch.setattr(filing, name, step)


@pytest.mark.parametrize("step", ["_exchanged", "_exchange"])
def test_an_edit_that_is_saved_meanwhile_is_kept_and_the_change_made_to_it(
    config: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def save() -> None:
        beside = config.with_name("editor")
        beside.write_text(FILE.replace("# The house.", "# Our house."))
        beside.rename(config)

    saved_meanwhile(monkeypatch, step, save)

    done = asks(config, "ben", set_group("sales", rings=3))

    assert config.read_text() == FILE.replace("# The house.", "# Our house.").replace("rings = 4", "rings = 3")
    assert done.after.version == load_whole(config, ENVIRONMENT).version
    assert [each.name for each in config.parent.iterdir()] == ["huntgroup.toml"]


def test_an_edit_that_breaks_the_file_meanwhile_is_kept_and_the_change_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_meanwhile(monkeypatch, "_exchanged", lambda: config.write_text("[half"))

    with pytest.raises(ChangeRefused, match="not TOML"):
        asks(config, "ben", set_group("sales", rings=3))

    assert config.read_text() == "[half"


def test_who_saves_again_and_again_is_given_way_to(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = iter(FILE.replace("# The house.", f"# House {number}.") for number in range(100))
    saved_meanwhile(monkeypatch, "_exchanged", lambda: config.write_text(next(texts)), times=100)

    with pytest.raises(ChangeRefused) as caught:
        asks(config, "ben", set_group("sales", rings=3))

    assert caught.value.why == "conflict"
    assert "rings = 4" in config.read_text()


def test_a_file_system_that_cannot_exchange_names_is_written_to_all_the_same(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "_exchange", lambda _one, _other: False)

    asks(config, "ben", set_group("sales", rings=3))

    assert config.read_text() == FILE.replace("rings = 4", "rings = 3")


def test_many_who_change_it_at_once_are_all_served(config: Path) -> None:
    names = [f"op{number}" for number in range(12)]
    failed = []

    def add(name: str) -> None:
        try:
            asks(config, "", {"type": "add_operator", "operator": {"id": name, "phones": [f"PJSIP/{name}"]}})
        except ChangeRefused as error:
            failed.append(error)

    threads = [threading.Thread(target=add, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert {each.id for each in load(config, ENVIRONMENT).operators} >= set(names)


def test_who_waits_too_long_for_another_is_told_so(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "LOCK_SECONDS", 0.05)

    with filing.locked(config):
        assert refused(config, "ben", set_group("sales", rings=3))[0] == "conflict"


def test_a_folder_that_may_not_be_written_is_told_with_what_to_do(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("huntgroup.settings.filing.tempfile.mkstemp", read_only)

    why, at, words = refused(config, "ben", set_group("sales", rings=3))

    assert (why, at) == ("not_writable", "file")
    assert "read-only file system" in words
    assert "systemd/huntgroup.service" in words


def test_a_file_that_may_not_be_written_is_not_replaced_either(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huntgroup.settings.filing.os.access", lambda _path, _mode: False)

    assert refused(config, "ben", set_group("sales", rings=3))[0] == "not_writable"
    assert [each.name for each in config.parent.iterdir()] == ["huntgroup.toml"]


@pytest.mark.parametrize("step", ["_made_like", "_exchanged", "_exchange", "_folder_to_disk"])
def test_a_crash_at_any_moment_leaves_the_old_file_or_the_new_one(config: Path, step: str) -> None:
    forked = multiprocessing.get_context("fork").Process(target=_dies_at, args=(config, step))
    forked.start()
    forked.join()

    assert forked.exitcode == 7
    assert config.read_text() in {FILE, FILE.replace("rings = 4", "rings = 3")}
    asks(config, "ben", set_group("sales", rings=2))
    assert config.read_text() == FILE.replace("rings = 4", "rings = 2")


def _dies_at(config: Path, step: str) -> None:
    setattr(filing, step, lambda *_: os._exit(7))
    asks(config, "ben", set_group("sales", rings=3))


def test_a_file_that_is_not_there_is_told_like_any_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_whole(tmp_path / "none.toml")
    with pytest.raises(ChangeRefused, match="cannot be read"):
        asks(tmp_path / "none.toml", "", {"type": "check"})


ENDS_WITHOUT_A_CAUSE = {"action": "hang_up", "cause": None}


@pytest.mark.parametrize(
    ("command", "written"),
    [
        (set_group("sales", on_closed=ENDS_WITHOUT_A_CAUSE), 'on_closed = { action = "hang_up" }'),
        (
            set_group("sales", on_closed={"action": "reply", "text": "x", "then": ENDS_WITHOUT_A_CAUSE}),
            'on_closed = { action = "reply", text = "x", then = { action = "hang_up" } }',
        ),
        (set_group("sales", announce={"position": None}), "announce = {}"),
        (set_operator("anna", capacity={"chat": None, "mail": 2}), "capacity = { mail = 2 }"),
        (
            {"type": "add_group", "group": {"id": "new", "operators": ["anna"], "on_full": ENDS_WITHOUT_A_CAUSE}},
            'on_full = { action = "hang_up" }',
        ),
        (
            {"type": "add_operator", "operator": {"id": "emil", "capacity": {"call": 0, "form": None}}},
            "capacity = { call = 0 }",
        ),
    ],
)
def test_null_in_an_inner_table_takes_its_key_out(config: Path, command: dict[str, Any], written: str) -> None:
    asks(config, "", command)
    assert written in config.read_text()
    load(config, ENVIRONMENT)


@pytest.mark.parametrize(
    "command",
    [
        set_group("sales", operators=["anna", None]),
        set_group("sales", on_closed=[None]),
        {"type": "set_blending", "changes": {"mail": [None]}},
        {"type": "add_operator", "operator": {"id": "emil", "phones": [None]}},
    ],
)
def test_null_in_a_list_is_refused(config: Path, command: dict[str, Any]) -> None:
    assert refused(config, "", command)[0] == "invalid"
