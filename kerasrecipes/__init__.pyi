from .cli import main as main
from .proposals import train_folder as train_folder
from .recipe import Recipe as Recipe
from .recipe import use as use
from .runs import sweep as sweep
from .training import Run as Run
from .training import load as load
from .training import train as train

__version__: str
