"""What all apps of this market share."""

from functools import partial

from chartgen.spec import App, Resources

# Figures of servers that run on the device; disk and GPU memory are derived.
LLAMACPP_SERVER = Resources(cpu=("4", "16"), memory=("24Gi", "40Gi"))
VLLM_SERVER = Resources(cpu=("4", "16"), memory=("24Gi", "40Gi"), shm="8Gi", start_minutes=32)

app = partial(App, owners=("chartgen-maintainers",), submitter="chartgen")
