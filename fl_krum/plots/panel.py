"""One panel as a figure of its own: for a lesson that shows one thing at a time."""

from matplotlib.figure import Figure

from .style import new_figure, styled


@styled
def panel(draw, *arguments, width=10.0, height=7.0, **keywords) -> Figure:
    """Make a figure of ``draw(axes, *arguments, **keywords)``, any of the ``draw_…`` functions.

    Parameters
    ----------
    draw : callable
    width, height : float
        Size of the figure in inches.
    """
    figure = new_figure(width, height)
    draw(figure.add_subplot(), *arguments, **keywords)
    return figure
