"""When a CRM is left alone, and when somebody tries it again."""

from huntgroup.crm.circuit import Circuit


def opened() -> Circuit:
    circuit = Circuit(failures=3, shortest=5, longest=60)
    assert [circuit.failed(100) for _ in range(3)] == [False, False, True]
    return circuit


def test_it_is_left_alone_after_some_failures_in_a_row() -> None:
    circuit = opened()
    assert circuit.is_open
    assert not circuit.may_ask(104)


def test_a_success_in_between_begins_the_count_again() -> None:
    circuit = Circuit(failures=2)
    circuit.failed(0)
    assert not circuit.succeeded()
    assert not circuit.failed(0)
    assert circuit.may_ask(0)


def test_then_one_tries_and_nobody_else() -> None:
    circuit = opened()
    assert circuit.may_ask(105)
    assert not circuit.may_ask(105)


def test_a_try_that_fails_doubles_the_pause_up_to_the_longest() -> None:
    circuit = opened()
    now = 100.0
    pauses = []
    for _ in range(6):
        begun = circuit.rests_until(now)
        pauses.append(begun - now)
        now = begun
        assert circuit.may_ask(now)
        circuit.failed(now)
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_a_try_that_succeeds_is_news_and_ends_it() -> None:
    circuit = opened()
    assert circuit.may_ask(105)
    assert circuit.succeeded()
    assert not circuit.is_open
    assert circuit.rests_until(105) == 105


def test_who_was_stopped_while_trying_leaves_room_for_the_next() -> None:
    circuit = opened()
    assert circuit.may_ask(105)
    circuit.gave_up()
    assert circuit.may_ask(105)
