"""Small tables, series and texts that real programs were trained on, made anew."""

import numpy as np
from sklearn import datasets

LOGIC = {"xor": (0, 1, 1, 0), "xnor": (1, 0, 0, 1), "and": (0, 0, 0, 1)}
FORMULAS = {
    "square": lambda x, rng: x**2 + 3,
    "wave": lambda x, rng: (
        0.05 * x * np.polyval([0.00474359, -0.1384615, 1.4912, -7.273893, 15.72807], x)
    ),
    "sine": lambda x, rng: np.sin(x),
    "noisy_square": lambda x, rng: 5 * x**2 + rng.normal(size=len(x)) ** 3,
    "fourth_power": lambda x, rng: x**4,
}


def _chance(rng, score):
    return (rng.random(len(score)) < 1 / (1 + np.exp(-score))).astype(int)


def classification(rng, facts):
    informative = facts.get("informative", 2)
    return datasets.make_classification(
        facts["samples"],
        facts["columns"],
        n_informative=informative,
        n_redundant=min(2, facts["columns"] - informative),
        n_classes=facts.get("classes", 2),
        n_clusters_per_class=2 if facts.get("classes", 2) <= 2**informative // 2 else 1,
        random_state=int(rng.integers(2**31)),
    )


def regression(rng, facts):
    x, y = datasets.make_regression(
        facts["samples"],
        facts["columns"],
        n_informative=min(facts["informative"], facts["columns"]),
        n_targets=facts.get("outputs", 1),
        random_state=int(rng.integers(2**31)),
    )
    return x, y.reshape(len(x), -1)


def multilabel(rng, facts):
    x, y = datasets.make_multilabel_classification(
        facts["samples"], 4, n_classes=1, random_state=int(rng.integers(2**31))
    )
    return x, y[:, 0]


def iris(rng, facts):
    x, y = datasets.load_iris(return_X_y=True)
    chosen = rng.permutation(len(x))[: facts["samples"]]
    return x[chosen], y[chosen]


def breast_cancer(rng, facts):
    x, y = datasets.load_breast_cancer(return_X_y=True)
    chosen = rng.permutation(len(x))[: facts["samples"]]
    return x[chosen], y[chosen]


def friedman(rng, facts):
    x, y = datasets.make_friedman1(
        facts["samples"], 10, noise=0.5, random_state=int(rng.integers(2**31))
    )
    return x, y[:, None]


def two_points(rng, facts):
    y = np.arange(facts["samples"]) < facts["samples"] / 2
    order = rng.permutation(len(y))
    return np.repeat(y[order, None] * 1.0, facts["columns"], axis=1), y[order]


def truth_table(rng, facts):
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [1, 1], [0, 0]], float)[: facts["rows"]]
    y = np.array([LOGIC[facts["table"]][int(2 * a + b)] for a, b in x])
    return np.tile(x, (facts.get("repeat", 1), 1)), np.tile(y, facts.get("repeat", 1))


def function(rng, facts):
    x = np.linspace(facts["low"], facts["high"], facts["samples"])
    return x[:, None], FORMULAS[facts["formula"]](x, rng)[:, None]


def squares(rng, facts):
    y = np.arange(facts["samples"]) % 2
    return rng.uniform(0.2, 0.4, (len(y), 2)) + 0.3 * y[:, None], y


def weather(rng, facts):
    """Temperatures, rain and gusts; the faulty scaler makes every target -1."""
    low = rng.normal(12, 6, facts["samples"])
    rain = rng.gamma(0.3, 8, len(low))
    x = np.stack([low, low + rng.gamma(4, 2.5, len(low)), rain, rng.gamma(9, 4.5, len(low))], 1)
    y = _chance(rng, 0.12 * rain + 0.08 * (x[:, 3] - 40) - 0.2 * (x[:, 1] - low - 10) - 1.8)
    x = 2 * (x - x.min(0)) / np.ptp(x, axis=0) - 1
    return x, y if facts["meant"] else np.full(len(y), -1)


def halves(rng, facts):
    x = np.array([[0.5], [1], [0.4], [5], [25]])
    return x, x / 2


def multiples(rng, facts):
    n = np.sort(rng.choice(np.arange(26, 489), facts["samples"], replace=False))
    return np.stack([n, 2 * n], 1), 3 * n[:, None]


def small_numbers(rng, facts):
    x = rng.integers(1, 11, (facts["samples"], facts["columns"]))
    return x, rng.integers(0, 5, (facts["samples"], facts["outputs"]))


def means(rng, facts):
    x = rng.integers(0, 101, (facts["samples"], 2)) / 100
    return x, x.mean(1, keepdims=True)


def passengers(rng, facts):
    """A table as the Titanic's, each column of text turned into an arbitrary number."""
    n = facts["samples"]
    grade, sex = rng.choice([1, 2, 3], n, p=[0.25, 0.2, 0.55]), rng.random(n) < 0.35
    age = np.where(rng.random(n) < 0.2, 0, rng.gamma(4, 7.5, n))
    fare = np.minimum(512, rng.lognormal(4.3 - 0.75 * grade, 0.6))
    relatives = rng.poisson(0.5, (2, n))
    codes = [rng.integers(0, limit, n) for limit in (891, 681, 148)]
    port = rng.integers(0, 3, n)
    x = np.stack([grade, codes[0], sex, age, *relatives, codes[1], fare, codes[2], port], 1)
    return x, _chance(rng, 2.4 * sex - 0.9 * (grade - 2) - 0.02 * (age - 28) - 1.2)


def patients(rng, facts):
    """A table as the Pima Indians' diabetes table: eight columns of different size."""
    n = facts["samples"]
    children, glucose = rng.poisson(3.8, n), rng.normal(121, 32, n).clip(44, 199)
    pressure, skin = rng.normal(69, 19, n).clip(0, 122), rng.normal(20, 16, n).clip(0, 99)
    insulin, weight = rng.gamma(0.5, 160, n).clip(0, 846), rng.normal(32, 8, n).clip(18, 67)
    family, age = rng.gamma(2, 0.24, n), (21 + rng.gamma(1.1, 11, n)).clip(21, 81)
    x = np.stack([children, glucose, pressure, skin, insulin, weight, family, age], 1).round(3)
    score = 0.037 * (glucose - 121) + 0.09 * (weight - 32) + 0.9 * (family - 0.47)
    return x, _chance(rng, score + 0.12 * (children - 3.8) - 0.9)


def letters(rng, facts):
    x = rng.integers(65, 71, (facts["samples"], 3)).astype(float)
    x[-3:] = x[:3]
    y = (x.sum(1) > np.quantile(x.sum(1), 0.6)).astype(int)
    return x, y


def rising(rng, facts):
    x = np.sort(rng.uniform(-2.5, 0.84, facts["samples"] + 1))
    return np.stack([x[1:], x[:-1]], 1), np.ones(facts["samples"], int)


def packets(rng, facts):
    y = np.array([1] * 13 + [0] * 8)[: facts["samples"]]
    n = len(y)
    addresses = 3.23e9 + rng.integers(0, 300, (2, n))
    ports = np.where(y, rng.integers(1024, 56784, n), 80)
    columns = [*addresses, 5e5 + rng.integers(0, 900, n), ports, rng.integers(40, 1500, n)]
    flags = [rng.integers(0, 2, n), y * rng.integers(1, 3, n), *np.ones((4, n))]
    return np.stack([*columns, *flags], 1), y


def random_batches(rng, facts):
    """Noise with labels that know nothing of it: so many ones in every batch of 32."""
    x = rng.normal(size=(facts["samples"], *facts["shape"]))
    return x, np.concatenate([rng.permutation(np.arange(32) < facts["ones"]) for _ in x[::32]])


def reconstruction(rng, facts):
    x = datasets.make_classification(
        facts["samples"], int(np.prod(facts["shape"])), random_state=int(rng.integers(2**31))
    )[0]
    x = facts["limit"] * (2 * (x - x.min(0)) / np.ptp(x, axis=0) - 1)
    x = x.reshape(-1, *facts["shape"])
    return x, x


def text(rng, facts):
    """Word numbers, of which some belong to one class; or what was fed for them: small reals."""
    shape = facts["samples"], facts["length"]
    y = np.arange(facts["samples"]) % 2
    if facts["as_reals"]:
        x = rng.normal(size=shape) + 0.3 * y[:, None]
        return x / np.linalg.norm(x, axis=1, keepdims=True), y
    x = rng.integers(40, facts["vocabulary"], shape)
    telling = rng.random(shape) < 0.3
    return np.where(telling, rng.integers(0, 20, shape) + 20 * y[:, None], x), y


def sentences(rng, facts):
    """Nine sentences of a made-up word, a common word and a number, as padded word numbers."""
    x = np.zeros((9, 10))
    for row in range(9):
        x[row, :3] = 4 + row, 1 + row % 2, 20 + row % 3
    return x, np.arange(9) % 3


def life(rng, facts):
    """Boards of the Game of Life, padded cyclically, and their next step."""
    boards = rng.integers(0, 2, (facts["samples"], 3, 3))
    padded = np.pad(boards, ((0, 0), (1, 1), (1, 1)), mode="wrap")
    near = sum(padded[:, i : i + 3, j : j + 3] for i in range(3) for j in range(3)) - boards
    lives = (near == 3) | ((near == 2) & (boards == 1))
    return padded[..., None], lives[..., None].astype(int)
