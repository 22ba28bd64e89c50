from datetime import date

from chartgen.spec import App, Image, License, LlamaCpp, Model, Resources, Text, Unknown
from chartgen.spec.common import EnvVar

GGUF = "unsloth/gemma-4-26B-A4B-it-GGUF"

app = App(
    name="samplellamacpp",
    version="1.0.3",
    released=date(2026, 11, 21),
    changes=Text("Tool calling.", "工具调用。"),
    title="Gemma 4 26B Vision llama.cpp",
    entrance_title="Gemma 4 26B llama-cpp",
    description=Text("{context} tokens of context", "{context} 上下文"),
    full_description=Text("Served by {engine}.", "由 {engine} 提供服务。"),
    engine=LlamaCpp(
        image=Image(
            repository="docker.io/aamsellem/llamacpp-atomic-mtp",
            tag="0.1.0",
            digest=Unknown("no source gives it"),
            engine_version=Unknown("a fork; no source gives its build number"),
        ),
        fork="atomic",
        alias="gemma-4-26b-vision",
        ctx_size=131072,
        parallel=1,
        cache_type_k="q4_0",
        cache_type_v="q4_0",
        env=(EnvVar("GGML_CUDA_GRAPH_OPT", "1"),),
    ),
    models=(
        Model(
            role="weights",
            repo=GGUF,
            file="gemma-4-26B-A4B-it-UD-Q4_K_XL.gguf",
            revision=Unknown("no source names a commit"),
        ),
        Model(
            role="mmproj",
            repo=GGUF,
            file="mmproj-F16.gguf",
            revision=Unknown("no source names a commit"),
            uncertain="the repository: an earlier text app took a BF16 projector from it, "
            "no source says that the F16 one lies there",
        ),
    ),
    resources=Resources(cpu=("4", "16"), memory=("24Gi", "40Gi")),
    license=License(text="Apache 2.0", url="https://www.apache.org/licenses/LICENSE-2.0"),
    developer="Google DeepMind",
    website="https://ai.google.dev/gemma",
    source_code="https://github.com/AtomicBot-ai/atomic-llama-cpp-turboquant",
    doc="https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
    submitter="chartgen",
    owners=("chartgen-maintainers",),
    icon="gemma4-llamacpp.png",
)
