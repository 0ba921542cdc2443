from .explanations.explanation_page import write_explanations as write_explanations
from .run.run_page import write_report as write_report
from .search.search_page import write_search as write_search
