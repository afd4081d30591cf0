"""What must hold between tables: names that exist, and nothing that belongs to two."""

import json

import pytest
from tests.unit.settings.conftest import Accept, Problems, Told

TEAM = """
[[operators]]
id = "anna"
extension = "101"
phones = ["PJSIP/anna"]
[[operators]]
id = "ben"
extension = "102"
phones = ["PJSIP/ben"]
"""


def group(name: str, more: str = "", operators: str = '"anna"') -> str:
    return f'[[groups]]\nid = "{name}"\noperators = [{operators}]\n{more}\n'


CALLED = '[[numbers]]\nnumber = "1"\ngroup = "sales"\n'


def hands_on_to(name: str) -> str:
    return f'on_unanswered = {{ action = "group", group = "{name}" }}'


def test_a_group_that_names_an_unknown_operator_is_told_the_nearest_real_one(told: Told) -> None:
    text = f'{TEAM}[[groups]]\nid = "sales"\noperators = [\n  "anna",\n  "bne", # here'.replace(", # here", " # here")
    assert told(f"{text}\n]") == ['groups[0].operators[1]: there is no operator "bne"; did you mean `ben`?']


def test_a_name_that_is_near_to_nothing_is_told_the_real_ones(told: Told) -> None:
    text = TEAM + group("sales", operators='"zzzzzz"')
    assert told(text) == ['groups[0].operators[0]: there is no operator "zzzzzz"; use `anna` or `ben`']


def test_without_any_real_one_it_is_told_to_describe_it(told: Told) -> None:
    words = told(group("sales", operators='"anna"'))
    assert words == ['groups[0].operators[0]: there is no operator "anna"; describe it in a `[[operators]]` table']


def test_who_gets_no_calls_needs_no_phone(accept: Accept) -> None:
    nobody = '[[operators]]\nid = "cleo"\n'
    assert accept(TEAM + nobody + group("sales") + CALLED).operators[2].phones == ()
    assert accept(TEAM + nobody + group("sales", operators='"cleo"')).groups[0].operators == ("cleo",)


def test_without_any_pbx_it_says_so(problems: Problems) -> None:
    (problem,) = problems("pbx = []\n" + TEAM)
    assert (problem.key, problem.wrong, problem.right) == ("pbx", "is empty", "add a `[[pbx]]` table")


def test_a_number_of_an_unknown_group_is_told_the_nearest_real_one(told: Told) -> None:
    text = TEAM + group("support") + '[[numbers]]\nnumber = "1"\ngroup = "suport" # here'
    assert told(text) == ['numbers[0].group: there is no group "suport"; did you mean `support`?']


def test_a_source_of_an_unknown_group_is_told_the_nearest_real_one(told: Told) -> None:
    text = TEAM + group("support") + '[[sources]]\nid = "web"\nchannel = "chat"\ngroup = "suport"'
    assert 'sources[0].group: there is no group "suport"; did you mean `support`?' in told(text)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (
            '{ action = "group", group = "suport" }',
            'groups[0].on_unanswered.group: there is no group "suport"; did you mean `support`?',
        ),
        (
            '{ action = "operator", operator = "ana" }',
            'groups[0].on_unanswered.operator: there is no operator "ana"; did you mean `anna`?',
        ),
        (
            '{ action = "reply", text = "Hi", then = { action = "operator", operator = "ana" } }',
            'groups[0].on_unanswered.then.operator: there is no operator "ana"; did you mean `anna`?',
        ),
    ],
)
def test_an_action_that_names_nobody_is_told_the_nearest_real_one(told: Told, action: str, words: str) -> None:
    assert words in told(TEAM + group("sales", f"on_unanswered = {action} # here") + group("support"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[[operators]]\nid = "anna" # here\nphones = ["PJSIP/other"]',
            'operators[2].id: "anna" is the id of operators[0] already; give each its own',
        ),
        (
            '[[operators]]\nid = "cleo"\nextension = "101" # here\nphones = ["PJSIP/cleo"]',
            'operators[2].extension: "101" is the extension of "anna" already; give each operator their own',
        ),
        (
            '[[operators]]\nid = "cleo"\nphones = ["PJSIP/cleo", "PJSIP/ben"] # here',
            'operators[2].phones[1]: "PJSIP/ben" is a phone of "ben" already; a phone belongs to one operator',
        ),
        (
            '[[operators]]\nid = "cleo"\nphones = ["PJSIP/cleo", "PJSIP/cleo"] # here',
            'operators[2].phones[1]: "PJSIP/cleo" is listed twice; list each phone once',
        ),
        (
            '[[operators]] # here\nid = "cleo"\n' + group("sales", operators='"cleo"') + CALLED,
            (
                "operators[2].phones: no call can reach this operator; name a phone, as in "
                '`phones = ["PJSIP/anna-desk"]`, or set `capacity = { call = 0 }`'
            ),
        ),
        (
            group("sales") + '[[groups]]\nid = "sales" # here\noperators = ["ben"]',
            'groups[1].id: "sales" is the id of groups[0] already; give each its own',
        ),
        (
            '[[groups]]\nid = "sales"\noperators = ["anna", "ben", "anna"] # here',
            'groups[0].operators[2]: "anna" is listed twice; list each operator once',
        ),
        (
            '[[groups]]\nid = "sales"\noperators = [] # here',
            "groups[0].operators: is empty; name the operators who serve this group",
        ),
        (
            '[[groups]] # here\nid = "sales"',
            'groups[0].operators: is missing; add `operators = ["anna", "ben"]`',
        ),
        (
            group("sales")
            + '[[numbers]]\nnumber = "+48 (22) 123-45-67"\ngroup = "sales"\n'
            + '[[numbers]]\nnumber = "+48221234567" # here\ngroup = "sales"',
            'numbers[1].number: "+48221234567" is numbers[0] already; give each number once',
        ),
        (
            '[[operators]]\nid = "cleo"\nextension = "*11" # here\nphones = ["PJSIP/cleo"]',
            'operators[2].extension: "*11" is `telephony.pickup_code`; choose another extension, or another code',
        ),
    ],
)
def test_what_belongs_to_one_is_refused_to_the_second(told: Told, text: str, words: str) -> None:
    assert told(TEAM + text) == [words]


def test_an_operator_without_phones_who_takes_no_calls_is_fine(accept: Accept) -> None:
    accept('[[operators]]\nid = "cleo"\ncapacity = { call = 0 }')


def test_an_operator_may_serve_several_groups(accept: Accept) -> None:
    accept(TEAM + group("sales") + group("support"))


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (
            'pickup_code = "*1"\nlogin_code = "*1"',
            'telephony.login_code: "*1" is `pickup_code`, too; give each code its own',
        ),
        ('pickup_code = "*46"', 'telephony.pickup_code: "*46" is `pause_code`, too; give each code its own'),
    ],
)
def test_two_codes_that_are_the_same_are_refused(told: Told, codes: str, words: str) -> None:
    assert words in told(f"[telephony]\n{codes}")


@pytest.mark.parametrize(
    ("codes", "extension"),
    [
        ('pickup_code = "*4"\nlogin_code = "*45"', "5"),
        ('pickup_code = "*1"\nlogin_code = "*11"\npause_code = "*2"', "1102"),
    ],
)
def test_what_a_code_and_an_extension_make_together_means_one_thing(told: Told, codes: str, extension: str) -> None:
    cleo = f'[[operators]]\nid = "cleo"\nextension = "{extension}" # here\nphones = ["PJSIP/cleo"]\n'
    (words,) = told(f"{TEAM}{cleo}[telephony]\n{codes}")
    assert words.startswith(f'operators[2].extension: "{extension}" behind one code is "')
    assert words.endswith("; choose another extension, or other codes")


def test_two_sources_and_two_pbx_need_ids_of_their_own(told: Told) -> None:
    source = '[[sources]]\nid = "web"\nchannel = "chat"\ngroup = "sales"\n'
    pbx = '[[pbx]]\nid = "main"\nhost = "h"\nusername = "u"\nsecret_env = "AMI_SECRET"\n'
    words = told(TEAM + group("sales") + source + source + pbx)
    assert 'sources[1].id: "web" is the id of sources[0] already; give each its own' in words
    assert 'pbx[1].id: "main" is the id of pbx[0] already; give each its own' in words


def test_a_reply_must_say_something(told: Told) -> None:
    words = told(TEAM + group("sales", 'on_full = { action = "reply" } # here'))
    assert "groups[0].on_full: a reply that says nothing; give it a `sound` or a `text`" in words


def circles(words: list[str]) -> list[str]:
    return [word.partition(";")[0] for word in words if "circle" in word]


def test_a_circle_of_groups_is_named_once_where_it_begins(told: Told) -> None:
    text = TEAM + group("sales", f"{hands_on_to('support')} # here") + group("support", hands_on_to("sales"))
    assert circles(told(text)) == [
        "groups[0].on_unanswered.group: the groups hand on in a circle: sales -> support -> sales"
    ]


def test_a_group_that_hands_on_to_itself_is_a_circle(told: Told) -> None:
    assert circles(told(TEAM + group("sales", hands_on_to("sales")))) == [
        "groups[0].on_unanswered.group: the groups hand on in a circle: sales -> sales"
    ]


def test_a_way_that_leads_into_a_circle_is_not_part_of_it(told: Told) -> None:
    chain = [("door", "a"), ("a", "b"), ("b", "c"), ("c", "a")]
    text = TEAM + "".join(group(name, hands_on_to(target)) for name, target in chain)
    assert circles(told(text)) == ["groups[1].on_unanswered.group: the groups hand on in a circle: a -> b -> c -> a"]


def test_two_circles_are_both_named(told: Told) -> None:
    pairs = [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")]
    text = TEAM + "".join(group(name, hands_on_to(target)) for name, target in pairs)
    assert [words.rpartition(": ")[2] for words in circles(told(text))] == ["a -> b -> a", "c -> d -> c"]


def test_a_circle_may_close_behind_a_reply_and_through_another_hook(told: Told) -> None:
    reply = 'on_full = { action = "reply", text = "Hi", then = { action = "group", group = "sales" } }'
    text = TEAM + group("sales", hands_on_to("support")) + group("support", reply)
    assert [words.rpartition(": ")[2] for words in circles(told(text))] == ["sales -> support -> sales"]


def test_a_chain_that_ends_is_no_circle(accept: Accept) -> None:
    accept(TEAM + group("a", hands_on_to("b")) + group("b", hands_on_to("c")) + group("c"))


def test_two_groups_may_hand_on_to_the_same_third(accept: Accept) -> None:
    accept(TEAM + group("a", hands_on_to("c")) + group("b", hands_on_to("c")) + group("c"))


def test_a_mistake_in_one_table_does_not_hide_one_between_others(problems: Problems) -> None:
    found = problems(
        '[[operators]]\nid = "anna"\nextension = 101\nphones = ["PJSIP/anna"]\n'
        '[[groups]]\nid = "sales"\noperators = ["anna"]\nrings = "four"\n'
        '[[numbers]]\nnumber = "1"\ngroup = "sale"\n'
    )
    keys = [(problem.line, problem.key) for problem in found]
    assert keys == [(1, "pbx"), (3, "operators[0].extension"), (8, "groups[0].rings"), (11, "numbers[0].group")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bne", 'there is no operator "bne"; did you mean `ben`?'),
        ("anna", '"anna" has the role `operator`; set `role = "supervisor"` in their `[[operators]]` table'),
    ],
)
def test_a_supervisor_who_could_do_nothing_is_told(told: Told, name: str, words: str) -> None:
    assert told(TEAM + group("sales", f'supervisors = ["{name}"] # here')) == [f"groups[0].supervisors[0]: {words}"]


def test_a_supervisor_is_listed_once(told: Told) -> None:
    lead = '[[operators]]\nid = "lead"\nrole = "supervisor"\ncapacity = { call = 0 }\n'
    words = told(TEAM + lead + group("sales", 'supervisors = ["lead", "lead"] # here'))
    assert words == ['groups[0].supervisors[1]: "lead" is listed twice; list each supervisor once']


@pytest.mark.parametrize(
    "name",
    ["", " ", "+", "#", "/", "a/b", "site/#", "a+b", "a@b", "$SYS", "-x", ".x", "żółw", "a\u0001b", "a\nb", "x" * 300],
)
def test_an_account_that_is_no_level_of_a_topic_is_refused(told: Told, name: str) -> None:
    source = f'[[sources]]\nid = "web"\nchannel = "chat"\ngroup = "sales"\naccount = {json.dumps(name)} # here\n'
    (problem,) = told(TEAM + group("sales") + source)
    assert problem.startswith("sources[0].account: ")
    assert "is not an account; an account is letters, digits" in problem
    assert len(problem) < 250


@pytest.mark.parametrize("name", ["site-chat", "Mail.Gateway_2", "7", "x" * 63])
def test_an_account_may_be_shared_by_sources(accept: Accept, name: str) -> None:
    sources = [f'[[sources]]\nid = "{each}"\nchannel = "chat"\ngroup = "sales"\naccount = "{name}"\n' for each in "ab"]
    assert {each.account for each in accept("".join((TEAM, group("sales"), *sources))).sources} == {name}
