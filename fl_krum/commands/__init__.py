"""The commands of ``python -m fl_krum``, one a file.

Each module has ``SUMMARY`` (one line for the list of commands), ``DETAILS`` (what its own --help
says above and below the options), ``configure(parser)`` and ``run(options) -> exit status``. Wrong
input is a ValueError or an OSError before anything is started; `fl_krum.__main__` turns it into
one line and exit status 2.
"""
