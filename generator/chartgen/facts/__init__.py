"""Pinned facts: models, devices and recorded runs, as data with a source for each number."""

from chartgen.facts.device import Device
from chartgen.facts.evidence import Deployment, Run
from chartgen.facts.load import Facts, load_facts
from chartgen.facts.model import Attention, Checkpoint, Compute, Measure, ModelFacts

__all__ = [
    "Attention",
    "Checkpoint",
    "Compute",
    "Deployment",
    "Device",
    "Facts",
    "Measure",
    "ModelFacts",
    "Run",
    "load_facts",
]
