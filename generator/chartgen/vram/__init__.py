"""Adds the terms up, holds them against the limit, and says what is proven."""

from chartgen.vram.answer import fit_facts, fit_text
from chartgen.vram.compare import compare_facts, compare_text
from chartgen.vram.evidence import Neighbour, Proof, claim_faults
from chartgen.vram.facts import plan_facts
from chartgen.vram.fit import Draft, Fit, Question, exact, fit, question_of
from chartgen.vram.host import Disk, Host, disk_of
from chartgen.vram.plan import Lever, Plan, plan, plan_faults
from chartgen.vram.solve import Frontier, Point, Solution, solve
from chartgen.vram.text import plan_text, sources_text
from chartgen.vram.verdict import Verdict, predicted

__all__ = [
    "Disk",
    "Draft",
    "Fit",
    "Frontier",
    "Host",
    "Lever",
    "Neighbour",
    "Plan",
    "Point",
    "Proof",
    "Question",
    "Solution",
    "Verdict",
    "claim_faults",
    "compare_facts",
    "compare_text",
    "disk_of",
    "exact",
    "fit",
    "fit_facts",
    "fit_text",
    "plan",
    "plan_facts",
    "plan_faults",
    "plan_text",
    "predicted",
    "question_of",
    "solve",
    "sources_text",
]
