from .class_activation import grad_cam as grad_cam
from .class_scores import CannotExplainError as CannotExplainError
from .covered_patches import occlusion as occlusion
