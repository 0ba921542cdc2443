"""Warps by PyTorch's own operation for sampling images."""

from kerasrecipes.layers.augmentation._warp.gathering import warp_gather

_PADDING_MODES = {"constant": "zeros", "reflect": "reflection", "edge": "border"}


def warp_torch(images, homography, size, interpolation, fill_mode, fill_value):
    """Does what `warp` does, but bilinear interpolation of all dtypes but float64 returns float32.

    `grid_sample` takes places as fractions of the size, which rounds them. Where a homography moves
    whole pixels, these are therefore gathered.
    """
    import torch

    options = interpolation, fill_mode, fill_value
    whole = (homography == homography.round()).flatten(1).all(1)
    whole &= (homography[:, 2, :2] == 0).all(1)
    if whole.all():
        return warp_gather(images, homography, size, "nearest", fill_mode, fill_value)
    if not whole.any():
        return _sampled(images, homography, size, *options)
    shape = (len(images), *size, images.shape[3])
    sampled = _sampled(images[~whole], homography[~whole], size, *options)
    warped = torch.empty(shape, dtype=sampled.dtype, device=images.device)
    warped[~whole] = sampled
    gathered = warp_gather(images[whole], homography[whole], size, "nearest", *options[1:])
    warped[whole] = gathered.to(sampled.dtype)
    return warped


def _sampled(images, homography, size, interpolation, fill_mode, fill_value):
    import torch

    # Places in float16 would be off by tenths of a pixel.
    pixels = images if images.dtype == torch.float64 else images.float()
    # `grid_sample` can fill with zeros only.
    offset = fill_value if fill_mode == "constant" else 0.0
    pixels = (pixels - offset if offset else pixels).permute(0, 3, 1, 2)
    sampled = torch.nn.functional.grid_sample(
        pixels,
        _grid(homography, size, images.shape[1:3]).to(pixels.dtype),
        mode=interpolation,
        padding_mode=_PADDING_MODES[fill_mode],
        align_corners=False,
    )
    return sampled.permute(0, 2, 3, 1) + offset if offset else sampled.permute(0, 2, 3, 1)


def _grid(homography, size, input_size):
    """Returns places in the input as `grid_sample` takes them, from -1 to 1 over the image."""
    import torch

    rows, columns = (torch.arange(n, device=homography.device) for n in size)
    points = torch.stack(
        [columns.expand(*size), rows[:, None].expand(*size), torch.ones_like(columns).expand(*size)]
    )
    height, width = input_size
    to_fractions = homography.new_tensor(
        [[2 / width, 0, 1 / width - 1], [0, 2 / height, 1 / height - 1], [0, 0, 1]]
    )
    matrices = (to_fractions[:, :, None] * homography[:, None]).sum(2)
    mapped = matrices @ points.reshape(3, -1).to(homography.dtype)
    return (mapped[:, :2] / mapped[:, 2:]).mT.reshape(-1, *size, 2)
