"""Adds the terms up, holds them against the limit, and says what is proven."""

from chartgen.vram.plan import Lever, Plan, Verdict, plan, plan_faults
from chartgen.vram.text import plan_text

__all__ = ["Lever", "Plan", "Verdict", "plan", "plan_faults", "plan_text"]
