"""A contest of attacks and rules that students hand in as small Python files.

``hand_in.py`` reads the files, ``sandbox.py`` is the process in which one of them runs,
``guest.py`` the referee's side of it, ``match.py`` one attack against one rule, ``tournament.py``
all against all, ``standings.py`` who is first, and ``trial.py`` tries a function of a notebook
before it is handed in.
"""
