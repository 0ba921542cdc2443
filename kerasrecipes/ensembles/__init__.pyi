from .averaging import average as average
from .combining import combine as combine
from .combining import combine_snapshots as combine_snapshots
from .disagreements import disagreement as disagreement
from .member_weights import fitted_weights as fitted_weights
from .member_weights import greedy_weights as greedy_weights
from .model_soups import soup as soup
from .snapshot_averaging import average_snapshots as average_snapshots
