from .interface import Engine as Engine
from .interface import WorkerLostError as WorkerLostError
from .processes import ProcessEngine as ProcessEngine
from .ray_cluster import RayEngine as RayEngine
