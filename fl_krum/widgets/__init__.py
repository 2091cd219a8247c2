"""The notebooks' widgets: panels whose callbacks are plain functions, usable without a front end.

Each panel has a file of its own; `fl_krum.widgets.common` has what they share. Only this package
needs ipywidgets.
"""
