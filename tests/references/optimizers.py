"""Optimizers in NumPy and float64, written from the papers.

Each function has the name of its class's module. It takes gradients of shape (steps, *weights), the
learning rates of the steps, and the options of the class. It returns the weights after each step,
from w = 0.
"""

import numpy as np


def correction(beta, t):
    """1 - beta ** t."""
    with np.errstate(divide="ignore"):
        return -np.expm1(t * np.log(beta))


def rho_infinity(beta_2):
    return 2 / (1 - beta_2) - 1


def rho(beta_2, t):
    return rho_infinity(beta_2) - 2 * t * beta_2**t / correction(beta_2, t)


def rectification(beta_2, t):
    limit, length = rho_infinity(beta_2), rho(beta_2, t)
    above = (length - 4) * (length - 2) * limit
    return np.sqrt(above / ((limit - 4) * (limit - 2) * length))


def descent(gradients, rates, direction, weight_decay=0.0):
    """Returns the weights of plain descent along a direction, after weight decay in each step."""
    w, path = np.zeros(gradients.shape[1:]), []
    for t, (g, rate) in enumerate(zip(gradients.astype("float64"), rates, strict=True), start=1):
        w = w - rate * weight_decay * w
        w = w - rate * direction(t, g)
        path.append(w)
    return np.array(path)


def radam(g, rates, beta_1=0.9, beta_2=0.999, epsilon=1e-7, threshold=5.0, weight_decay=0.0):
    m = v = 0.0

    def direction(t, g):
        nonlocal m, v
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        m_hat = m / correction(beta_1, t)
        if not rho(beta_2, t) > threshold:
            return m_hat
        v_hat = v / correction(beta_2, t)
        return rectification(beta_2, t) * m_hat / (np.sqrt(v_hat) + epsilon)

    return descent(g, rates, direction, weight_decay)


def diff_grad(g, rates, beta_1=0.9, beta_2=0.999, epsilon=1e-7, weight_decay=0.0):
    m = v = before = 0.0

    def direction(t, g):
        nonlocal m, v, before
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        friction = 1 / (1 + np.exp(-np.abs(before - g)))
        before = g
        v_hat = v / correction(beta_2, t)
        return friction * m / correction(beta_1, t) / (np.sqrt(v_hat) + epsilon)

    return descent(g, rates, direction, weight_decay)


def ada_belief(g, rates, beta_1=0.9, beta_2=0.999, epsilon=1e-16, rectify=False, weight_decay=0.0):
    m = s = 0.0

    def direction(t, g):
        nonlocal m, s
        m = beta_1 * m + (1 - beta_1) * g
        s = beta_2 * s + (1 - beta_2) * (g - m) ** 2 + epsilon
        m_hat, s_hat = m / correction(beta_1, t), s / correction(beta_2, t)
        if not rectify:
            return m_hat / (np.sqrt(s_hat) + epsilon)
        if not rho(beta_2, t) > 5:
            return m_hat
        return rectification(beta_2, t) * m_hat / (np.sqrt(s_hat) + epsilon)

    return descent(g, rates, direction, weight_decay)


def uncorrected_adam(g, rates, beta_1=0.9, beta_2=0.999, epsilon=1e-7, weight_decay=0.0):
    m = v = 0.0

    def direction(t, g):
        nonlocal m, v
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        return m / (np.sqrt(v) + epsilon)

    return descent(g, rates, direction, weight_decay)


def momentum(g, rates, momentum=0.9, nesterov=False, dampening=0.0, weight_decay=0.0):
    v = 0.0
    decays = momentum if callable(momentum) else lambda step: momentum

    def direction(t, g):
        nonlocal v
        decay = float(decays(t - 1))
        v = decay * v + (1 - dampening) * g
        return g + decay * v if nesterov else v

    return descent(g, rates, direction, weight_decay)


def lars(
    gradients,
    rates,
    momentum=0.9,
    trust_coefficient=0.001,
    adapt_kernels_only=True,
    weight_decay=0.0,
):
    """For a kernel, so that `adapt_kernels_only` makes no difference."""
    w, path = np.zeros(gradients.shape[1:]), []
    v = 0.0
    for g, rate in zip(gradients.astype("float64"), rates, strict=True):
        of_w, of_g = np.linalg.norm(w), np.linalg.norm(g)
        trust = 1.0
        if of_w > 0 and of_g > 0:
            trust = trust_coefficient * of_w / (of_g + weight_decay * of_w)
        v = momentum * v + rate * trust * (g + weight_decay * w)
        w = w - v
        path.append(w)
    return np.array(path)


def lookahead(gradients, rates, sync_period_steps=5, slow_step_size=0.5):
    """Around gradient descent."""
    fast, slow, path = np.zeros(gradients.shape[1:]), np.zeros(gradients.shape[1:]), []
    for t, (g, rate) in enumerate(zip(gradients.astype("float64"), rates, strict=True), start=1):
        fast = fast - rate * g
        if t % sync_period_steps == 0:
            slow = slow + slow_step_size * (fast - slow)
            fast = slow
        path.append(fast)
    return np.array(path)


def weight_averaging(gradients, rates, averages):
    """Around gradient descent, which averages do not change."""
    return descent(gradients.astype("float64"), rates, lambda t, g: g)


def gradient_centralization(gradients, rates):
    """Around gradient descent."""
    inputs = tuple(range(1, gradients.ndim - 1))
    centralized = gradients.astype("float64")
    centralized = centralized - centralized.mean(axis=inputs, keepdims=True)
    return descent(centralized, rates, lambda t, g: g)


def adaptive_gradient_clipping(gradients, rates, clip_factor=0.01, epsilon=1e-3, exclude=()):
    """Around gradient descent of a kernel, which may be excluded."""
    w, path = np.zeros(gradients.shape[1:]), []
    for g, rate in zip(gradients.astype("float64"), rates, strict=True):
        g = g.copy()
        for output in range(g.shape[-1]):
            limit = clip_factor * max(np.linalg.norm(w[..., output]), epsilon)
            length = np.linalg.norm(g[..., output])
            if length > limit and "kernel" not in exclude:
                g[..., output] *= limit / length
        w = w - rate * g
        path.append(w)
    return np.array(path)


def layerwise_learning_rates(g, rates, multipliers):
    """Around gradient descent of a kernel."""
    multiplier = multipliers.get("kernel", multipliers[""])
    return descent(g, rates * multiplier, lambda t, g: g)


def stagewise_learning_rates(
    g, rates, depths, backbone_multiplier=0.1, depth_factor=1.0, unfreeze_every_steps=0
):
    """Around gradient descent of one weight."""
    (depth,) = depths
    multiplier = backbone_multiplier * depth_factor ** (depth - 1) if depth else 1.0
    unfrozen = np.arange(len(rates)) >= depth * unfreeze_every_steps
    return descent(g, rates * multiplier * unfrozen, lambda t, g: g)


def newton_schulz(x, coefficients, steps):
    """The odd polynomial of a matrix, of its singular values: by these, not by products."""
    length = np.linalg.norm(x)
    if length == 0:
        return x
    u, s, v = np.linalg.svd(x / length, full_matrices=False)
    a, b, c = coefficients
    for _ in range(steps):
        s = a * s + b * s**3 + c * s**5
    return u * s @ v


def kernel_muon(
    gradients,
    rates,
    kernel_multiplier=1.0,
    momentum=0.95,
    nesterov=True,
    scale="match_rms_adamw",
    steps=5,
    coefficients=(3.4445, -4.7750, 2.0315),
    cautious=False,
    normalize_kernels=False,
    multipliers=None,
    exclude=(),
    exclude_head=True,
    weight_decay=0.0,
    start=0.0,
):
    """For one kernel, of a dense layer or of a convolution, around gradient descent."""
    shape = gradients.shape[1:]
    multiplier = (multipliers or {}).get("kernel", 1.0)
    if exclude or (exclude_head and len(shape) == 2):
        return descent(gradients, rates * multiplier, lambda t, g: g, weight_decay)
    outputs, inputs = shape[-1], int(np.prod(shape[:-1]))
    length = {
        None: 1.0,
        "original": np.sqrt(max(1, outputs / inputs)),
        "match_rms_adamw": 0.2 * np.sqrt(max(outputs, inputs)),
        "spectral": np.sqrt(outputs / inputs),
    }[scale]
    w, v, path = np.full(shape, start), np.zeros(shape), []
    for g, rate in zip(gradients.astype("float64"), rates, strict=True):
        v = momentum * v + g
        direction = g + momentum * v if nesterov else v
        matrix = newton_schulz(direction.reshape(inputs, outputs), coefficients, steps)
        step = length * matrix.reshape(shape)
        if normalize_kernels and np.linalg.norm(w) > 0:
            w = w * np.sqrt(outputs) / np.linalg.norm(w)
        decayed = weight_decay * w * (step * w > 0 if cautious else 1)
        w = w - rate * multiplier * kernel_multiplier * (decayed + step)
        path.append(w)
    return np.array(path)


def schedule_free(gradients, rates, beta=0.9, weight_decay=0.0, start=0.0, averages=False):
    """Around gradient descent. Returns the weights `y`, or the averages `x`."""
    z = x = y = np.full(gradients.shape[1:], start)
    path, total = [], 0.0
    for g, rate in zip(gradients.astype("float64"), rates, strict=True):
        z = z - rate * weight_decay * y - rate * g
        total += rate**2
        x = (1 - rate**2 / total) * x + rate**2 / total * z
        y = (1 - beta) * z + beta * x
        path.append(x if averages else y)
    return np.array(path)


def decay_kernels_only(g, rates):
    """Around gradient descent, which does not decay weights."""
    return descent(g, rates, lambda t, g: g)
