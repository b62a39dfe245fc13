"""Balances on a comparable scale."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """A soft logarithm, centred and measured in standard deviations.

    Attributes:
        unit: An amount; the scale is roughly linear up to it and logarithmic far above it.
        mean: Mean of asinh(amount / unit).
        deviation: Standard deviation of asinh(amount / unit), above 0.
    """

    unit: float
    mean: float
    deviation: float

    def scaled(self, amounts: Floats) -> Floats:
        """Return amounts of money, any shape, on this scale."""
        result: Floats = (np.arcsinh(amounts / self.unit) - self.mean) / self.deviation
        return result


def fit_scale(amounts: Floats) -> Scale | None:
    """Return the scale of a balance; its unit is the median of the absolute amounts above 0.

    Unlike a logarithm, the inverse hyperbolic sine is defined for zeros and negative amounts:
    Burbidge, Magee, Robb (1988), "Alternative transformations to handle extreme values of the
    dependent variable", JASA 83, 123-127.

    Args:
        amounts: Shape (n,), money, without missing values.

    Returns:
        The scale; None if all amounts are equal or there are none.
    """
    if len(amounts) == 0 or amounts.min() == amounts.max():
        return None
    unit = float(np.median(np.abs(amounts[amounts != 0])))
    soft = np.arcsinh(amounts / unit)
    deviation = float(soft.std())
    return Scale(unit, float(soft.mean()), deviation) if deviation > 0 else None
