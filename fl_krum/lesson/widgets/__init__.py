"""The notebooks' widgets: panels whose callbacks are plain functions, usable without a front end.

Each panel has a file of its own; `fl_krum.lesson.widgets.controls` has what they share. Only this
package needs ipywidgets.
"""
