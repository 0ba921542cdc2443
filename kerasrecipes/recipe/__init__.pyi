from .recipe import Recipe as Recipe
from .spec import Spec as Spec
from .spec import use as use
