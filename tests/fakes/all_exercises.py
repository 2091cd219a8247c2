"""All exercises of the lesson, by the names of their checks."""

import importlib
import pkgutil

from fl_krum.lesson import exercises
from fl_krum.lesson.exercises.exercise import Exercise

_FILES = [
    importlib.import_module(f"{exercises.__name__}.{module.name}")
    for module in pkgutil.iter_modules(exercises.__path__)
]
_ALL = [
    (name, thing)
    for file in _FILES
    for name, thing in vars(file).items()
    if isinstance(thing, Exercise)
]
EXERCISES = dict(_ALL)
assert len(EXERCISES) == len(_ALL), "two checks have the same name"
