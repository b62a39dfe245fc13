"""What the data shows, in words, for the dashboard, the findings page and the notebook."""

from bank_warehouse.answers import labels
from bank_warehouse.answers.sentences import Answer, Answers, answers
from bank_warehouse.answers.source import NotShownError, Source, Warehouse

__all__ = ["Answer", "Answers", "NotShownError", "Source", "Warehouse", "answers", "labels"]
