"""Pinned facts: models, devices and recorded runs, as data with a source for each number."""

from chartgen.facts.base import Number
from chartgen.facts.contradictions import Contradiction, contradictions
from chartgen.facts.device import Device
from chartgen.facts.evidence import Deployment, Quantity, Reading, Run
from chartgen.facts.load import Facts, load_facts
from chartgen.facts.model import (
    Attention,
    Checkpoint,
    Compute,
    Experts,
    Layout,
    Measure,
    ModelFacts,
    PublishedFile,
    Recurrent,
    Vision,
)

__all__ = [
    "Attention",
    "Checkpoint",
    "Compute",
    "Contradiction",
    "Deployment",
    "Device",
    "Experts",
    "Facts",
    "Layout",
    "Measure",
    "ModelFacts",
    "Number",
    "PublishedFile",
    "Quantity",
    "Reading",
    "Recurrent",
    "Run",
    "Vision",
    "contradictions",
    "load_facts",
]
