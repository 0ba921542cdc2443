from .build import BuiltRecipe as BuiltRecipe
from .build import build_recipe as build_recipe
from .epoch_log import EpochLog as EpochLog
from .files.run_folders import find_runs as find_runs
from .files.run_folders import load as load
from .resumable_checkpoint import ResumableCheckpoint as ResumableCheckpoint
from .run import Run as Run
from .training import train as train
