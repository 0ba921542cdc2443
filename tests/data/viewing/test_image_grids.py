import numpy as np

from kerasrecipes.data.viewing.image_grids import ImageRow, image_grid

GAP = 4


def levels(*values):
    return [np.full((32, 32, 1), value, "uint8") for value in values]


def test_rows_of_different_lengths():
    grid = np.asarray(image_grid([ImageRow("a", levels(10, 20, 30)), ImageRow("b", levels(40))]))
    assert grid.shape[0] == GAP + 2 * (64 + GAP)
    left = grid.shape[1] - 3 * (64 + GAP)
    for column, value in enumerate((10, 20, 30)):
        cell = grid[GAP : GAP + 64, left + column * (64 + GAP) :][:, :64]
        assert (cell == value).all()
    lower = grid[2 * GAP + 64 :, left:]
    assert (lower[:64, :64] == 40).all()
    assert (lower[:, 64:] == 255).all()


def test_captions_stand_below_and_have_room():
    plain = image_grid([ImageRow("a", levels(0, 0))])
    captioned = image_grid([ImageRow("a", levels(0, 0), ["", "a caption wider than it"])])
    assert captioned.height > plain.height
    assert captioned.width > plain.width
    pixels = np.asarray(captioned)
    below = pixels[GAP + 64 :]
    assert (below.min(axis=(0, 2)) < 255).any()
    left = captioned.width - (captioned.width - 12) // 2
    assert (below[:, : left // 2] == 255).all()
