"""Mutants that no test can kill, each with the reason."""

# By file and the line as the fault leaves it.
EQUIVALENT: dict[tuple[str, str], str] = {
    (
        "kerasrecipes/layers/augmentation/_warp/opencv_warping.py",
        "points = np.stack([columns, rows, np.ones_like(rows)]).reshape(3, -2)",
    ): "NumPy takes any negative length for the one that it is to find",
    (
        "kerasrecipes/tuning/planning/plan.py",
        "size = 1 << max(7, number.bit_length())",
    ): "a longer Sobol sequence begins with the same points",
    (
        "kerasrecipes/tuning/planning/region.py",
        "tuple(range(levels or 2)) if categorical else None",
    ): "a categorical hyperparameter has levels",
    (
        "kerasrecipes/tuning/planning/surrogate.py",
        "slope, base = 1.0, np.zeros(len(scores))",
    ): "the slope of the first level multiplies zeros, here and where it predicts",
}
