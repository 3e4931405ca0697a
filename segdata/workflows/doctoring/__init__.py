"""The doctor's rounds: every kind of evidence has a module that gathers it."""

from __future__ import annotations

from segdata.workflows.doctoring.operation import diagnose
from segdata.workflows.doctoring.request import DoctorRequest

__all__ = ["DoctorRequest", "diagnose"]
