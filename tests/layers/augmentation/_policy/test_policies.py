from kerasrecipes.layers.augmentation._policy.policies import POLICIES


def test_magnitudes_are_the_published_ones():
    def table(policy):
        rows = POLICIES[policy].operations
        return {row.name: (row.weakest, row.strongest, row.signed) for row in rows}

    enhance = {"color", "contrast", "brightness", "sharpness"}
    # automl/trivialaugment: set_augmentation_space("wide_standard", 31).
    wide = table("trivialaugment")
    assert len(wide) == 14
    assert POLICIES["trivialaugment"].levels == 31
    assert POLICIES["trivialaugment"].per_image == 1
    assert {wide.pop(name) for name in enhance} == {(0.01, 2.0, False)}
    assert wide == {
        **dict.fromkeys(("identity", "autocontrast", "equalize"), (0, 0, False)),
        "rotate": (0, 135, True),
        "solarize": (256, 0, False),
        "posterize": (8, 2, False),
        **dict.fromkeys(("shear_x", "shear_y"), (0, 0.99, True)),
        **dict.fromkeys(("translate_x_pixels", "translate_y_pixels"), (0, 32, True)),
    }
    # AutoAugment, table 6, for pictures of 331 pixels.
    classic = table("randaugment")
    assert len(classic) == 14
    assert {classic.pop(name) for name in enhance} == {(0.1, 1.9, False)}
    assert classic == {
        **dict.fromkeys(("identity", "autocontrast", "equalize"), (0, 0, False)),
        "rotate": (0, 30, True),
        "solarize": (256, 0, False),
        "posterize": (8, 4, False),
        **dict.fromkeys(("shear_x", "shear_y"), (0, 0.3, True)),
        **dict.fromkeys(("translate_x_fraction", "translate_y_fraction"), (0, 150 / 331, True)),
    }
