"""Exercises with checks that say what is wrong with an answer, not only that it is.

``exercise.py`` is the machinery: what a check is, how a usual mistake gets a sentence of its own,
when there is a hint. Every other file has the exercises of one notebook and is named after it;
``choices_and_comparisons.py`` is the second half of notebook 3. A notebook imports its own and
calls them with the student's function::

    from fl_krum.lesson.exercises.use_case import check_lie

    check_lie(lie_for)

To add an exercise, write in the file of its notebook::

    @exercise(
        "double(x)",  # how the student's function is called
        praise="Right.",
        hints=("What is x + x?",),  # the first on the second try, the next on the third
        mistakes={  # the usual wrong answers, as plain functions, each with its sentence
            "You squared it. Double means two times.": lambda x: x**2,
            "The sign is wrong.": lambda x: -2 * x,
        },
    )
    def check_double(double):
        \"\"\"Check ``double(x)``.\"\"\"
        compare(double, lambda x: 2 * x, cases=[(1,), (2,), (-3.5,)])

`exercise.compare` is for functions with one right result. Where many answers are right, the check
calls the function itself, on all its cases before it judges the first, and raises
``Wrong("a sentence")``. It need not think of errors, missing results or endless loops in the
student's function: those are caught and put into words before a check sees them.

In the notebook follow a cell with an empty function (a docstring and ``...``) and the call of the
check, and a cell of text that begins with the solution, folded up::

    <details><summary>Solution</summary>

    ```python
    def double(x):
        return 2 * x
    ```

    </details>

Tests run every solution and every mistake: ``tests/lesson/test_notebooks.py`` and
``tests/lesson/exercises/``, where the sentences are quoted.
"""
