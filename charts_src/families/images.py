"""The engine images of this market."""

from chartgen.spec import Image, Unknown

VLLM_TOKENSPEED = Image(
    repository="docker.io/vllm/vllm-openai",
    tag="tokenspeed-preview-x86_64-ubuntu2404",
    digest=Unknown("no source gives the digest of the build that was measured"),
    engine_version="0.20.2rc1.dev67",
    mutable_because="the published runs are of this preview build, and no release has it",
)

LLAMACPP_ATOMIC = Image(
    repository="docker.io/aamsellem/llamacpp-atomic-mtp",
    tag="0.1.0",
    digest=Unknown("no source gives it"),
    engine_version=Unknown("a fork; no source gives its build number"),
)
