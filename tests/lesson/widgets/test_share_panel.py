"""The polynomial to drag and the mask that grows: their pages, and the sliders before them."""

import numpy as np
import pytest
from matplotlib.text import Text

from fl_krum.lesson.toy_shares import reconstruct
from fl_krum.lesson.widgets.share_panel import MaskPanel, PolynomialPanel, mask_page, sharing_page

pytestmark = pytest.mark.filterwarnings("error::UserWarning")


def drawn(page):
    """The points modulo 101 in the right panel: x to y, the secret at 0."""
    points = {}
    for line in page.figure.axes[1].lines:
        (x,), (y,) = line.get_data()
        points[int(x)] = int(y)
    return points


@pytest.mark.parametrize("secret", [0, 100])
@pytest.mark.parametrize("known", [0, 1, 2, 3])
def test_known_shares_stay_while_the_secret_is_dragged(secret, known):
    page = sharing_page(secret, known)
    points = drawn(page)
    assert points.pop(0) == secret and f"may be {secret}" in page.text
    assert reconstruct({player: points[player] for player in (2, 4, 5, 7)}) == secret
    before = drawn(sharing_page(42, known))
    assert [points[i] for i in range(1, known + 1)] == [before[i] for i in range(1, known + 1)]


def test_four_shares_fix_the_secret():
    pages = [sharing_page(secret, 4) for secret in (0, 99)]
    assert {page.text for page in pages} == {
        "Four shares are known: one polynomial fits, and the secret is 42."
    }
    assert drawn(pages[0]) == drawn(pages[1])


def test_a_short_mask_is_seen_through_and_a_long_one_is_not():
    def overlap(page):
        one, other = (patch.get_data().values for patch in page.figure.axes[0].patches)
        return np.minimum(one, other).sum() / one.sum()

    assert overlap(mask_page(0)) < 0.1
    assert 0.7 < overlap(mask_page(2)) < 0.8
    assert overlap(mask_page(40)) > 0.97
    assert "right in 62.5% of all cases" in mask_page(2).text
    assert "50 % + 5e-13" in mask_page(40).text
    words = "\n".join(text.get_text() for text in mask_page(2).figure.findobj(Text))
    assert "κ = 2: the mask has 10 bits" in words and "secret 255" in words


@pytest.mark.parametrize("panel", [PolynomialPanel(), MaskPanel()])
def test_a_panel_without_a_front_end_shows_a_picture(panel):
    bundle = panel._repr_mimebundle_()
    assert bundle["image/png"].startswith("iVBORw0KGgo")
    assert bundle["text/plain"].startswith(panel.page.text)


def test_the_picture_follows_the_sliders():
    panel = PolynomialPanel()
    before = panel.picture.value
    panel.sliders["secret"].value = 80
    assert panel.values == {"secret": 80, "known": 3} and "may be 80" in panel.page.text
    assert panel.picture.value != before and "may be 80" in panel.text.value
    panel.sliders["known"].value = 4
    assert "the secret is 42" in panel.text.value
