"""The virtual floor: what customers, phones and people do, told as small days of their own.

Phones ring after 1 s, and are answered after another 3 unless the roster says otherwise; a ring takes 5 s, and there
are two of them.
"""

from tests.unit.simulation.conftest import CONFIG, HEAD, Played, Read

from huntgroup.simulation import simulate
from huntgroup.simulation.figures import Figures, GroupFigures, OperatorFigures

BOTH = '[[staff]]\noperators = ["anna", "ben"]\n'


def line(figures: Figures, channel: str = "call") -> GroupFigures:
    """The figures of sales on a channel."""
    return next(each for each in figures.groups if each.channel == channel)


def mean(figures: Figures, channel: str = "call") -> float | None:
    """The mean wait of those who were answered."""
    waits = line(figures, channel).wait_of_answered
    return waits.mean if waits else None


def person(figures: Figures, name: str) -> OperatorFigures:
    """The figures of an operator."""
    return next(each for each in figures.operators if each.operator == name)


def test_a_call_waits_until_the_phone_rings_and_is_answered(played: Played) -> None:
    figures = played("08:00:00,101,60,")
    assert (line(figures).answered, mean(figures)) == (1, 4.0)
    assert (person(figures, "anna").talk, person(figures, "ben").talk) == (60.0, 0.0)


def test_a_missed_call_goes_to_the_next_after_the_last_ring(played: Played) -> None:
    figures = played(
        "08:00:00,101,60,", '[[staff]]\noperators = ["anna"]\nmisses = 1\n[[staff]]\noperators = ["ben"]\n'
    )
    assert mean(figures) == 1 + 2 * 5 + 4
    assert (person(figures, "anna").missed, person(figures, "ben").handled["call"]) == (1, 1)


def test_who_rings_longer_than_the_rings_last_has_missed_it(played: Played) -> None:
    figures = played("08:00:00,101,60,", '[[staff]]\noperators = ["anna"]\nanswers_after = "11s"\n', HEAD)
    assert person(figures, "anna").missed > 100
    assert line(figures).open == 1


def test_a_phone_that_rings_too_late_was_unreachable_and_not_missed(played: Played) -> None:
    figures = played("08:00:00,101,60,30", BOTH, HEAD.replace('"1s"', '"6s"'))
    assert (line(figures).abandoned, person(figures, "anna").missed) == (1, 0)


def test_the_impatient_leave_while_everybody_is_busy_and_the_patient_are_next(played: Played) -> None:
    figures = played("08:00:00,101,60,\n08:00:01,101,60,\n08:00:10,101,60,20\n08:00:20,101,60,")
    here = line(figures)
    assert (here.answered, here.abandoned, here.abandonment) == (3, 1, 0.25)
    assert here.wait_of_all is not None
    assert here.wait_of_all.max == 64 - 20 + 4


def test_nobody_leaves_who_is_being_talked_to(played: Played) -> None:
    figures = played("08:00:00,101,600,5")
    assert (line(figures).answered, person(figures, "anna").talk) == (1, 600.0)


def test_all_at_once_rings_everybody_and_only_one_gets_it(played: Played) -> None:
    config = CONFIG.replace("rings = 2", 'rings = 2\ndistribution = "all_at_once"')
    staff = '[[staff]]\noperators = ["anna"]\n[[staff]]\noperators = ["ben"]\nanswers_after = "2s"\n'
    figures = played("08:00:00,101,60,", staff, config=config)
    assert mean(figures) == 3.0
    assert [each.handled["call"] for each in figures.operators] == [0, 1]
    assert [each.missed for each in figures.operators] == [0, 0]


def test_wrapup_is_work_and_no_talk(played: Played) -> None:
    figures = played("08:00:00,101,60,", config=CONFIG.replace("rings = 2", 'rings = 2\nwrapup = "30s"'))
    anna = person(figures, "anna")
    assert (anna.talk, anna.work["call"], anna.occupancy) == (60.0, 90.0, 0.025)


def test_who_is_not_there_is_not_rung_and_who_comes_takes_what_waits(played: Played) -> None:
    figures = played("08:00:00,101,60,", '[[staff]]\noperators = ["ben"]\nfrom = "08:10"\nto = "08:20"\n')
    assert mean(figures) == 604.0
    assert [each.on_duty for each in figures.operators] == [0.0, 600.0]


def test_a_conversation_at_the_end_of_a_shift_goes_on_and_is_time_on_duty(played: Played) -> None:
    figures = played("08:09:00,101,120,", '[[staff]]\noperators = ["ben"]\nto = "08:10"\n')
    ben = person(figures, "ben")
    assert (ben.talk, ben.on_duty) == (120.0, 664.0)


def test_a_chat_at_the_end_of_a_shift_goes_to_a_colleague_who_does_the_rest(played: Played) -> None:
    staff = '[[staff]]\noperators = ["anna"]\nto = "08:10"\n[[staff]]\noperators = ["ben"]\nfrom = "08:10"\n'
    figures = played("08:05:00,site-chat,605,", staff)
    assert (mean(figures, "chat"), line(figures, "chat").answered) == (5.0, 1)
    assert person(figures, "anna").work["chat"] == 295.0
    assert person(figures, "ben").work["chat"] == 310.0


def test_chats_go_on_beside_one_another_and_count_once(played: Played) -> None:
    figures = played("08:00:00,site-chat,100,\n08:00:01,site-chat,100,", '[[staff]]\noperators = ["anna"]\n')
    anna = person(figures, "anna")
    assert (anna.handled["chat"], anna.work["chat"]) == (2, 101.0)


def test_an_offered_chat_that_is_missed_goes_to_the_next_after_its_time(played: Played) -> None:
    figures = played(
        "08:00:00,site-chat,60,", '[[staff]]\noperators = ["anna"]\nmisses = 1\n[[staff]]\noperators = ["ben"]'
    )
    assert mean(figures, "chat") == 65.0
    assert person(figures, "anna").missed == 1


def test_mails_are_worked_on_one_after_the_other_and_lie_while_they_talk(played: Played) -> None:
    day = "08:00:00,post,100,\n08:00:00,post,100,\n08:01:00,101,60,"
    figures = played(day, '[[staff]]\noperators = ["anna"]\n')
    anna = person(figures, "anna")
    assert (anna.work["mail"], anna.work["call"], anna.occupancy) == (200.0, 60.0, round(260 / 3600, 4))
    assert (anna.handled["mail"], mean(figures, "mail")) == (2, 0.0)


def test_who_missed_too_many_comes_back_after_a_while(played: Played) -> None:
    config = CONFIG.replace("rings = 2", "rings = 2\nmiss_limit = 1")
    staff = BOTH + 'misses = 1\nreturns_after = "10m"\n'
    figures = played("08:00:00,101,60,", staff, config=config)
    # Every 10 minutes and the time until it rings there again; ben is the last one, whom nothing pauses.
    assert person(figures, "anna").missed == 6
    assert person(figures, "anna").on_duty == 3600


def test_a_policy_that_moves_a_call_on_is_counted_where_the_call_came_in(played: Played) -> None:
    more = 'on_unanswered = { action = "voicemail", mailbox = "sales" }'
    figures = played(
        "08:00:00,101,60,", BOTH + "misses = 1\n", config=CONFIG.replace("rings = 2", f"rings = 2\n{more}")
    )
    here = line(figures)
    assert (here.answered, here.voicemail, here.unanswered) == (0, 1, 0)
    assert here.wait_of_all is not None
    assert here.wait_of_all.max == 2 * 11


def test_a_closed_group_turns_customers_away(played: Played) -> None:
    hours = 'rings = 2\nhours = { timezone = "UTC", mon = "08:30-18:00" }'
    figures = played("08:00:00,101,60,\n08:30:00,101,60,", config=CONFIG.replace("rings = 2", hours))
    assert (line(figures).unanswered, line(figures).answered) == (1, 1)


def test_who_is_to_be_called_back_needs_no_patience(played: Played) -> None:
    more = 'rings = 2\nmax_wait = "20s"\non_unanswered = { action = "callback" }'
    staff = '[[staff]]\noperators = ["anna"]\n'
    config = CONFIG.replace("[telephony]", '[telephony]\noutbound = "PJSIP/{number}@trunk"')
    figures = played("08:00:00,101,300,\n08:00:10,101,60,40", staff, config=config.replace("rings = 2", more))
    here = line(figures)
    assert (here.answered, here.abandoned, here.callbacks) == (2, 0, 1)


def test_what_is_still_open_at_the_end_is_counted_as_such_and_work_up_to_then(played: Played) -> None:
    figures = played("08:59:00,101,600,\n08:59:30,101,600,", '[[staff]]\noperators = ["anna"]\n')
    here = line(figures)
    assert (here.offered, here.answered, here.open) == (2, 1, 1)
    assert person(figures, "anna").talk == 56.0


def test_priority_goes_before_the_order_of_coming(planned: Read) -> None:
    loads = '[[load]]\nrecorded = "low.csv"\n[[load]]\nrecorded = "high.csv"\npriority = 5\n'
    low = "time,entrance,talk,patience\n08:00:00,101,60,\n08:00:10,101,60,90\n"
    high = "time,entrance,talk\n08:00:20,101,60\n"
    plan = planned(f'{HEAD}{loads}[[staff]]\noperators = ["anna"]\n', low=low, high=high)
    here = line(simulate(plan))
    assert (here.answered, here.abandoned) == (2, 1)
