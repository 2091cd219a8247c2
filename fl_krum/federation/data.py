"""Two real data sets for a federated session; one's own are made in `dataset`.

They are the ones that come inside scikit-learn: nothing is downloaded. Their features are brought
to the number that the length d of the model vector asks for; what is learnt for that (mean, spread,
principal components) is learnt from the training part only. In a real federation the clients would
have to agree on this step first; here it is done for them.

scikit-learn takes a second and a half to import. So here, as in the models, it is imported where
something is loaded or trained: who asks for help, makes a mistake or draws a figure need not wait.
"""

from functools import lru_cache

import numpy as np

from ..aggregators.parameters import check_integer, did_you_mean
from .dataset import Dataset
from .samples import Samples

#: Data sets, and the lengths d that a model vector can have on each: one weight for every feature
#: and one intercept, for each class of `digits`, but once for the two classes of `breast_cancer`.
DATASETS = {"breast_cancer": range(1, 30 + 2), "digits": range(10, 10 * (64 + 1) + 1, 10)}


@lru_cache(maxsize=8)  # sessions come in series that differ in the rule or the attack alone
def load(name="breast_cancer", dimension: int | None = 5, seed=0, test_share=0.3) -> Dataset:
    """Load a data set with as many features as a model vector of length `dimension` needs.

    The arrays are read-only: whoever asks for the same again is given the same.

    All features are standardised. Where fewer are needed than there are, the first principal
    components replace them; they keep their own spread, so that a component that says little
    stays small. With d = 1 (`breast_cancer`) or d = 10 (`digits`) no feature is left: such a model
    is an intercept, which can only learn the most frequent class.

    Parameters
    ----------
    name : {"breast_cancer", "digits"}
    dimension : int or None
        None: all features, for a model of one's own. Else the length d of the vector of a
        `LogisticModel`, out of ``DATASETS[name]``: 1 … 31 for `breast_cancer`
        (d-1 components and an intercept); 10, 20, … 650 for `digits` (d/10-1 components and an
        intercept for each of the ten classes; at 650, the 64 pixels themselves).
    seed : int
        Decides which samples are in the test part.
    test_share : float
        Part of the samples kept for the test, the same in every class.

    Raises
    ------
    ValueError
        If the name or the dimension is none of the above, or the seed is not 0 to 2^32 - 1.
    """
    seed = check_integer("seed", seed, 0, 2**32 - 1)
    if name not in DATASETS:
        near = did_you_mean(name, DATASETS)
        raise ValueError(f"dataset must be one of {', '.join(DATASETS)}, got {name!r}{near}")
    lengths = DATASETS[name]
    dimension = lengths[-1] if dimension is None else dimension
    if dimension not in lengths:
        step = f" in steps of {lengths.step}" if lengths.step > 1 else ""
        raise ValueError(
            f"dimension must be {lengths[0]} to {lengths[-1]}{step} on {name}, got {dimension}"
        )
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    read = datasets.load_digits if name == "digits" else datasets.load_breast_cancer
    x, y = read(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        x, y.astype(np.int64), test_size=test_share, stratify=y, random_state=seed
    )
    x_train, x_test = _reduce(x_train, x_test, dimension // lengths.step - 1)
    train, test = Samples(x_train, y_train), Samples(x_test, y_test)
    return Dataset(name, (train,), (test,), tuple(range(int(y.max()) + 1)), built_in=True)


def _reduce(x_train, x_test, features):
    """Standardise and keep `features` principal components, both learnt from `x_train`."""
    if features == 0:
        return x_train[:, :0], x_test[:, :0]
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if features == x_train.shape[1]:
        scaler = StandardScaler().fit(x_train)
        return scaler.transform(x_train), scaler.transform(x_test)
    reducer = make_pipeline(StandardScaler(), PCA(features, svd_solver="full")).fit(x_train)
    # A component's sign is arbitrary, and scikit-learn changed its choice in 1.5: fix our own, so
    # that a seed means the same run with every version.
    loadings = reducer[-1].components_
    signs = np.sign(loadings[np.arange(features), np.abs(loadings).argmax(axis=1)])
    return signs * reducer.transform(x_train), signs * reducer.transform(x_test)
