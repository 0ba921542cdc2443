from .explanations.explanation_page import write_explanations as write_explanations
from .index.comparison_page import write_comparison as write_comparison
from .index.index_page import write_index as write_index
from .run.run_page import write_report as write_report
from .search.search_comparison import write_search_comparison as write_search_comparison
from .search.search_page import write_search as write_search
