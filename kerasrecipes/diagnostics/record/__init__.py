"""What was measured of a training, as plain values that can be saved: the input of every rule."""

from kerasrecipes.diagnostics.record.data_facts import Data as Data
from kerasrecipes.diagnostics.record.data_facts import Duplicates as Duplicates
from kerasrecipes.diagnostics.record.data_facts import Values as Values
from kerasrecipes.diagnostics.record.model_facts import Layer as Layer
from kerasrecipes.diagnostics.record.model_facts import Loss as Loss
from kerasrecipes.diagnostics.record.model_facts import Model as Model
from kerasrecipes.diagnostics.record.model_facts import Optimizer as Optimizer
from kerasrecipes.diagnostics.record.model_facts import Output as Output
from kerasrecipes.diagnostics.record.probes import LayerStatistics as LayerStatistics
from kerasrecipes.diagnostics.record.probes import Predictions as Predictions
from kerasrecipes.diagnostics.record.probes import Probe as Probe
from kerasrecipes.diagnostics.record.record import Record as Record
from kerasrecipes.diagnostics.record.series import Series as Series
from kerasrecipes.diagnostics.record.trials import Attempt as Attempt
from kerasrecipes.diagnostics.record.trials import Controls as Controls
from kerasrecipes.diagnostics.record.trials import GradientError as GradientError
from kerasrecipes.diagnostics.record.trials import InitialLoss as InitialLoss
from kerasrecipes.diagnostics.record.trials import Modes as Modes
from kerasrecipes.diagnostics.record.trials import Overfit as Overfit
from kerasrecipes.diagnostics.record.trials import Rates as Rates
from kerasrecipes.diagnostics.record.trials import Trials as Trials
