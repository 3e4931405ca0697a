"""The doctor's rounds: every kind of evidence has a module that gathers it."""

from __future__ import annotations

from segdata.workflows.doctoring.operation import diagnose
from segdata.workflows.doctoring.request import DoctorRequest
from segdata.workflows.doctoring.treatment import Treatment, treat

__all__ = ["DoctorRequest", "Treatment", "diagnose", "treat"]
