"""What all apps of this market share."""

from chartgen.spec import Resources

OWNERS = ("chartgen-maintainers",)
SUBMITTER = "chartgen"

# Figures of servers that run on the device; disk and GPU memory are derived.
MODEL_SERVER = Resources(cpu=("4", "16"), memory=("24Gi", "40Gi"))
VLLM_SERVER = Resources(cpu=("4", "16"), memory=("24Gi", "40Gi"), shm="8Gi", start_minutes=32)
