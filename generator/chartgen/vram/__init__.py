"""Adds the terms up, holds them against the limit, and says what is proven."""

from chartgen.vram.facts import plan_facts
from chartgen.vram.plan import Lever, Plan, Verdict, claim_faults, plan, plan_faults
from chartgen.vram.text import plan_text, sources_text

__all__ = [
    "Lever",
    "Plan",
    "Verdict",
    "claim_faults",
    "plan",
    "plan_facts",
    "plan_faults",
    "plan_text",
    "sources_text",
]
