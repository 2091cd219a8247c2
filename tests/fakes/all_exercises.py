"""All exercises of the lesson, by the names of their checks."""

import importlib
import pkgutil

from fl_krum.lesson import exercises
from fl_krum.lesson.exercises.exercise import Exercise

_FILES = [
    importlib.import_module(f"{exercises.__name__}.{module.name}")
    for module in pkgutil.iter_modules(exercises.__path__)
]
EXERCISES = {
    name: thing
    for file in _FILES
    for name, thing in vars(file).items()
    if isinstance(thing, Exercise)
}
