from kerasrecipes.tuning.planning.median_rule import should_stop_early

OTHERS = [[0.1, 0.3, 0.5, 0.7]] * 3 + [[0.5, 0.7, 0.9, 0.9]] * 2


def test_the_best_score_so_far_is_compared_with_the_median_of_the_others():
    assert should_stop_early([0.1, 0.29], OTHERS, 6)
    assert not should_stop_early([0.3, 0.1], OTHERS, 6)
    # With three of the better kind, the median is one of them.
    better = [*OTHERS, OTHERS[-1]][1:]
    assert should_stop_early([0.3, 0.69], better, 6)
    assert not should_stop_early([0.3, 0.7], better, 6)


def test_what_the_others_had_before_counts_and_what_they_reached_later_does_not():
    falling = [[0.8, 0.2, 0.1, 0.9]] * 5
    assert should_stop_early([0.1, 0.79], falling, 6)
    assert not should_stop_early([0.1, 0.8], falling, 6)
    assert not should_stop_early([0.8, 0.1, 0.1], falling, 6)


def test_no_trial_stops_too_early_or_at_its_end_or_by_few_others():
    assert not should_stop_early([0.0], OTHERS, 6)
    assert should_stop_early([0.0], OTHERS, 3)
    assert not should_stop_early([0.0, 0.0, 0.0], OTHERS, 3)
    assert not should_stop_early([0.0, 0.0], OTHERS[:4], 6)
    assert not should_stop_early([0.0, 0.0], [other[:1] for other in OTHERS], 6)
    assert should_stop_early([0.0, 0.0], [other[:2] for other in OTHERS], 6)
