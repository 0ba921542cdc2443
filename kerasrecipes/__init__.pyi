from .cli import main as main
from .recipe import Recipe as Recipe
from .recipe import use as use
from .runs import sweep as sweep
from .training import Run as Run
from .training import load as load
from .training import train as train

__version__: str
