"""The accuracy report: the public planner held against every number that somebody measured."""
