"""Fetch the model files an engine serves from a Hugging Face hub, once, and keep them.

Run as ``python3 -m fetch PLAN.json`` before the engine starts; HF_ENDPOINT names a mirror,
HF_TOKEN opens gated models. Each folder keeps a record of the commit it holds and of the
files found right, so that later starts stay with that commit and need no network.
Exit codes: 0 all files are there, 1 temporary trouble, 2 a person has to act.
"""
