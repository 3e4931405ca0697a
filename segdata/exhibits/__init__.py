"""Pictures for a diagnosis: what is stored, what a program reads, what a person sees.

Nothing is drawn into files here; the terminal and the page each show these pixels in their way.
"""

from segdata.exhibits.choosing import beside_labels, of_cause
from segdata.exhibits.meaning import Meaning, loud_color
from segdata.exhibits.view import PHOTO, Exhibit, LegendEntry, View

__all__ = [
    "PHOTO",
    "Exhibit",
    "LegendEntry",
    "Meaning",
    "View",
    "beside_labels",
    "loud_color",
    "of_cause",
]
