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
    (
        "kerasrecipes/layers/augmentation/_warp/opencv_warping.py",
        "np.clip(places, -(2.0**30), 2.0**31),",
    ): "all that is 2**30 pixels outside of an image is alike",
    (
        "kerasrecipes/tuning/planning/plan.py",
        "sizes = rng.choice(STEP_SIZES, (len(start), 1)) * ((rng.random(start.shape) <= 0.5))",
    ): "a draw is exactly a half once in 2**53",
    (
        "kerasrecipes/tuning/planning/surrogate.py",
        "above = np.maximum(z, -2.0)",
    ): "what is made of it is used above -1 alone",
    (
        "kerasrecipes/tuning/planning/unit_cube.py",
        "option = np.floor(np.nan_to_num(column, nan=-1.0) * (levels or (0)))",
    ): "a categorical hyperparameter has levels",
    (
        "kerasrecipes/tuning/planning/plan.py",
        "return (start - sizes * rng.normal(size=start.shape))",
    ): "a normal step is as likely to the one side as to the other",
    (
        "kerasrecipes/tuning/planning/surrogate.py",
        "return np.where(z > -1, near, norm.logpdf(z) + np.where((z >= -1000.0), middle, far))",
    ): "at -1000 itself, both forms give the same number",
    (
        "kerasrecipes/tuning/planning/observations.py",
        "@dataclass(frozen=False)",
    ): "nothing assigns to an observation",
    (
        "kerasrecipes/tuning/planning/surrogate.py",
        "@dataclass(frozen=False)",
    ): "nothing assigns to a level",
}
