"""Tests in which a player is waited for in vain: the less patience, the sooner they are over. On a
busy machine players that are there may need longer, so these are tried again with more."""

import functools
import inspect

import pytest


def patiently(*seconds):
    """Decorator: the test is given its argument ``patience``, the first number of seconds that will
    do; the last one decides."""

    def decorate(test):
        signature = inspect.signature(test)

        @functools.wraps(test)
        def tried(*arguments, **options):
            for patience in seconds[:-1]:
                try:
                    return test(*arguments, **options, patience=patience)
                except (Exception, pytest.fail.Exception):  # whatever haste makes of it
                    pass
            return test(*arguments, **options, patience=seconds[-1])

        others = [p for p in signature.parameters.values() if p.name != "patience"]
        tried.__signature__ = signature.replace(parameters=others)
        return tried

    return decorate
