"""Two panels of the notebook on shares: a polynomial to drag, and a mask that grows.

What they show is made by `sharing_page` and `mask_page`, plain functions that need no front end.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import ipywidgets as widgets
from matplotlib.figure import Figure

from ...plots import png
from ...plots.masking import masked_figure
from ...plots.polynomial import polynomial_figure
from ..toy_shares import PRIME, reconstruct, weights
from .controls import LABEL, WIDE, Picture, mimebundle, notice

_THRESHOLD, _PLAYERS = 3, range(1, 8)
# Shares of players 1 to 4, for as long as they are known. With the secret 42 they lie on one curve
# over the real numbers, too.
_SHARES = {1: 70, 2: 66, 3: 48, 4: 34}
_BITS, _SAMPLES = 8, 20_000  # of the secret that is masked; numbers in a histogram
_DPI = 64


@dataclass(frozen=True)
class Page:
    """A figure and the sentence to it."""

    figure: Figure
    text: str


def sharing_page(secret=42, known=3) -> Page:
    """Draw a sharing of degree 3 modulo 101, of which some players' shares are known.

    The polynomial goes through the secret and the shares of players 1 to 3, known or not. With four
    known shares there is one polynomial only, and one secret.

    Parameters
    ----------
    secret : int
        0 … 100; of no effect with four known shares.
    known : int
        How many shares are known, 0 … 4: those of players 1, 2, ….
    """
    fixed = {player: _SHARES[player] for player in range(1, _THRESHOLD + 1)}
    points = dict(_SHARES) if known > _THRESHOLD else {0: secret, **fixed}
    if known > _THRESHOLD:
        secret = reconstruct(points)
    shares = {player: _value(points, player) for player in (0, *_PLAYERS)}
    text = _sharing_in_words(secret, known)
    return Page(
        polynomial_figure({0: secret, **fixed}, shares, PRIME, range(1, known + 1), text), text
    )


def _value(points, at) -> int:
    weight = weights(points, at=at)
    return sum(weight[player] * value for player, value in points.items()) % PRIME


def _sharing_in_words(secret, known) -> str:
    if known > _THRESHOLD:
        return f"Four shares are known: one polynomial fits, and the secret is {secret}."
    count = ("No share is", "One share is", "Two shares are", "Three shares are")[known]
    return f"{count} known: the secret may be {secret}, or any other number."


def mask_page(security=2, seed=0) -> Page:
    """Draw what is opened when 0 and 255 are hidden by a mask of 8 + security bits.

    Parameters
    ----------
    security : int
        κ, at least 0.
    seed : int
    """
    rng, most = Random(seed), 2**_BITS - 1
    samples = {
        str(secret): [secret + rng.getrandbits(_BITS + security) for _ in range(_SAMPLES)]
        for secret in (0, most)
    }
    # c tells the two apart where only one of them can be: with a chance of most / 2^(k + κ).
    told = most / 2 ** (_BITS + security)
    right = f"{0.5 + told / 2:.1%}" if told > 1e-3 else f"50 % + {told / 2:.0e}"
    text = f"Who sees c, and has to guess which secret it was, is right in {right} of all cases."
    return Page(masked_figure(samples, _BITS, security), text)


class _PicturePanel:
    """Sliders, a sentence and a picture; a subclass says what they show.

    Attributes
    ----------
    sliders : dict of ipywidgets.IntSlider
    picture : Picture
    text : ipywidgets.HTML
    box : ipywidgets.VBox
    """

    def __init__(self, make_page, labels: dict[str, str], **limits: tuple[int, int, int]):
        self._make_page = make_page
        self.sliders = {
            name: widgets.IntSlider(
                value=value, min=least, max=most, description=labels[name],
                style=LABEL, layout=WIDE, continuous_update=True,
            ).add_class(f"krum-{name}")
            for name, (value, least, most) in limits.items()
        }  # fmt: skip
        self.picture = Picture("1200px")
        self.text = widgets.HTML().add_class("krum-text")
        self.box = widgets.VBox([widgets.HBox([*self.sliders.values()]), self.text, self.picture])
        for slider in self.sliders.values():
            slider.observe(lambda change: self.redraw(), "value")
        self.redraw()

    @property
    def values(self) -> dict[str, int]:
        """Where the sliders stand."""
        return {name: slider.value for name, slider in self.sliders.items()}

    def redraw(self) -> None:
        """Show the page of the present values."""
        self.page = self._make_page(**self.values)
        self.text.value = notice(self.page.text, "note")
        self.picture.show(png(self.page.figure, _DPI), self.page.text)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        text = f"{self.page.text}\n(Run this cell in Jupyter to move the sliders.)"
        return mimebundle(self.box, text, png(self.page.figure, _DPI))


class PolynomialPanel(_PicturePanel):
    """Drag the secret, and see the polynomial follow, as long as t or fewer shares are known."""

    def __init__(self, secret=42, known=3):
        labels = {"secret": "Secret", "known": "Known shares"}
        super().__init__(
            sharing_page, labels, secret=(secret, 0, PRIME - 1), known=(known, 0, _THRESHOLD + 1)
        )


class MaskPanel(_PicturePanel):
    """Let the mask grow, and see two secrets become alike."""

    def __init__(self, security=2):
        super().__init__(mask_page, {"security": "κ"}, security=(security, 0, 40))
