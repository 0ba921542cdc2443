from .comparing import Speeds as Speeds
from .comparing import Tried as Tried
from .comparing import tune_speed as tune_speed
from .settings import Setting as Setting
