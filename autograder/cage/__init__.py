"""
The cage: processes, limits and what a process can see. It knows no message and no question.

    nursery   one clean process that imports the libraries and forks the rest
    zygote    the fork server of one slot, PID 1 of its cage
    jail      the stages that close the cage around a fork
    tiers     what this machine allows, found by trying
    client    the grader's side
"""

from autograder.cage.client import Cage, Ended, Lap, Nursery, connected_pair
from autograder.cage.limits import IMPORT_LIMITS, Limits, explain
from autograder.cage.tiers import CageSettings, Layer, Plan, Tier, choose, survey

__all__ = [
    "IMPORT_LIMITS",
    "Cage",
    "CageSettings",
    "Ended",
    "Lap",
    "Layer",
    "Limits",
    "Nursery",
    "Plan",
    "Tier",
    "choose",
    "connected_pair",
    "explain",
    "survey",
]
