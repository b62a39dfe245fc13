"""The statistics libraries, imported only here.

dbt runs Python models in threads. If two threads import scikit-learn and statsmodels at the same
time, each can hold a module that the other waits for, and Python stops with a `_DeadlockError`. A
second thread that imports this module waits until the first has finished.
"""

from scipy import stats
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.tools.numdiff import approx_fprime

__all__ = [
    "KMeans",
    "OrderedModel",
    "adjusted_rand_score",
    "approx_fprime",
    "silhouette_score",
    "stats",
]
