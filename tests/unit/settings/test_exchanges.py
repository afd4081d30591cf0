"""Several PBXs: names, trunks between them, and operators who are somewhere."""

from datetime import date
from pathlib import Path

import pytest
from tests.unit.settings.conftest import Accept, Told

from huntgroup.adapters.ami.directory import Directory
from huntgroup.engine.ids import PhoneId
from huntgroup.policies import policy_from
from huntgroup.settings import load

EXAMPLE = Path(__file__).parents[3] / "config" / "two-pbxs.toml"
TRUNK = 'trunks = { branch = "PJSIP/{extension}@to-branch" }\n'
BRANCH = '[[pbx]]\nid = "branch"\nhost = "10.0.0.2"\nusername = "huntgroup"\nsecret_env = "AMI_SECRET"\n'
ANNA = '[[operators]]\nid = "anna"\nextension = "101"\nphones = ["PJSIP/101"]\n'
BEA = '[[operators]]\nid = "bea"\nextension = "201"\nphones = ["PJSIP/101"]\npbx = "branch"\n'
SALES = '[[groups]]\nid = "sales"\noperators = ["anna", "bea"]\n'


def test_two_offices_with_a_trunk_one_way_are_enough_and_both_may_have_a_phone_of_the_same_name(
    accept: Accept,
) -> None:
    settings = accept(TRUNK + BRANCH + ANNA + BEA + SALES)

    assert settings.pbx[0].trunks == {"branch": "PJSIP/{extension}@to-branch"}
    assert [each.pbx for each in settings.operators] == [None, "branch"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            TRUNK + BRANCH + ANNA + BEA.replace('"branch"', '"brunch"  # here') + SALES,
            'operators[1].pbx: there is no PBX "brunch"; did you mean `branch`?',
        ),
        (
            TRUNK.replace("branch =", "brunch =").rstrip() + " # here\n" + BRANCH,
            'pbx[0].trunks.brunch: there is no PBX "brunch"; did you mean `branch`?',
        ),
        (
            'trunks = { main = "PJSIP/{extension}@to-main" } # here\n' + BRANCH,
            "pbx[0].trunks.main: leads to the PBX itself; leave it out: its own phones need no trunk",
        ),
        (
            'trunks = { branch = "PJSIP/101@to-branch" } # here\n' + BRANCH,
            (
                'pbx[0].trunks.branch: "PJSIP/101@to-branch" must hold {extension} once; '
                'write it as in "PJSIP/{extension}@to-branch"'
            ),
        ),
        (
            'trunks = { branch = "IAX2/to-branch/{extension}" } # here\n' + BRANCH,
            (
                'pbx[0].trunks.branch: "IAX2/to-branch/{extension}" is not a trunk that chan_pjsip can dial; '
                'write it as in "PJSIP/{extension}@to-branch"'
            ),
        ),
        (
            TRUNK + BRANCH + BEA.replace('extension = "201"\n', "").replace("[[operators]]", "[[operators]] # here"),
            (
                'operators[0].extension: is missing, and the trunk to "branch" dials by it; '
                'give them one, as in `extension = "201"`'
            ),
        ),
        (
            BRANCH + ANNA + BEA + SALES.rstrip() + " # here\n",
            (
                'groups[0].operators: are at "main" and "branch", and no trunk leads from either to the other; give '
                '[[pbx]] main `trunks = { branch = "PJSIP/{extension}@to-branch" }`, or branch one to main'
            ),
        ),
        (
            BRANCH.replace('"branch"', '"main-2"  # here'),
            'pbx[1].id: "main-2" begins as a call of "main" does; choose an id that does not begin with "main-"',
        ),
        (
            BRANCH.replace('"branch"', '"mobile"  # here'),
            'pbx[1].id: "mobile" means something else already; choose another id',
        ),
    ],
)
def test_what_does_not_hang_together_is_told_with_its_key_and_what_would_be_right(
    told: Told, text: str, words: str
) -> None:
    assert told(text) == [words]


def test_the_example_is_fine_and_each_pbx_sees_the_house_its_own_way() -> None:
    secrets = {"HUNTGROUP_AMI_SECRET": "one", "HUNTGROUP_BRANCH_SECRET": "other"}
    settings = load(EXAMPLE, secrets)
    policy = policy_from(settings, date(2026, 11, 21))

    assert policy.trunks == (("main", "branch"), ("branch", "main"))
    assert [each.phones for each in policy.operators.values()] == [("PJSIP/101",), ("branch:PJSIP/101",)]
    assert Directory.of(settings, "main").dialled_as(PhoneId("across:bea")) == "PJSIP/201@to-branch"
    assert Directory.of(settings, "branch").dialled_as(PhoneId("across:anna")) == "PJSIP/101@to-main"


def test_at_one_pbx_a_phone_belongs_to_one_operator(told: Told) -> None:
    both = BEA + BEA.replace('"bea"', '"bob"').replace('"201"', '"202"').replace(
        '["PJSIP/101"]', '["PJSIP/101"] # here'
    )
    words = told(TRUNK + BRANCH + both)

    assert words == ['operators[1].phones[0]: "PJSIP/101" is a phone of "bea" already; a phone belongs to one operator']
