"""How many inputs a test with random ones tries: as many as CI has time for, or RMPE_FUZZ_INPUTS."""

import functools
import os
import time

from hypothesis import HealthCheck, settings

# Whatever works longer than this on a small input hangs.
SECONDS = 5


def inputs(usual):
    """Say how many inputs to try."""
    return int(os.environ.get("RMPE_FUZZ_INPUTS", usual))


def fuzz(usual):
    """Decorate a test that hypothesis gives its inputs; none may take over 5 seconds."""

    def decorate(test):
        once = test.hypothesis.inner_test

        @functools.wraps(once)
        def timed(*arguments, **options):
            started = time.process_time()  # The machine may have other work.
            once(*arguments, **options)
            assert time.process_time() - started < SECONDS

        test.hypothesis.inner_test = timed
        return settings(
            max_examples=inputs(usual),
            deadline=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        )(test)

    return decorate
