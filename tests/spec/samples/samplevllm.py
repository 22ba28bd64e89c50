from datetime import date

from chartgen.spec import App, Image, License, Model, Resources, Text, Unknown, Vllm

app = App(
    name="samplevllm",
    version="1.0.2",
    released=date(2026, 11, 21),
    changes=Text("Tool calling.", "工具调用。"),
    title="Gemma 4 26B Vision One",
    entrance_title="Gemma 4 26B Vision",
    description=Text("{context} tokens of context", "{context} 上下文"),
    full_description=Text("Served by {engine}.", "由 {engine} 提供服务。"),
    engine=Vllm(
        image=Image(
            repository="docker.io/vllm/vllm-openai",
            tag="tokenspeed-preview-x86_64-ubuntu2404",
            digest=Unknown("no source gives the digest of the build that was measured"),
            engine_version="0.20.2rc1.dev67",
            mutable_because="the published runs are of this preview build, and no release has it",
        ),
        served_model_name="gemma-4-26b-vision",
        max_model_len=131072,
        gpu_memory_utilization=0.92,
        max_num_seqs=4,
        max_num_batched_tokens=8192,
        kv_cache_dtype="fp8",
        attention_backend="triton_attn",
        images_per_prompt=1,
        tool_call_parser="gemma4",
    ),
    models=(
        Model(
            role="weights",
            repo="cyankiwi/gemma-4-26B-A4B-it-AWQ-4bit",
            revision=Unknown("no source names the commit that was measured"),
        ),
    ),
    evidence=("vllm-gemma-4-26b-awq-128k",),
    resources=Resources(cpu=("4", "16"), memory=("24Gi", "40Gi"), shm="8Gi"),
    license=License(text="Apache 2.0", url="https://www.apache.org/licenses/LICENSE-2.0"),
    developer="Google DeepMind",
    website="https://ai.google.dev/gemma",
    source_code="https://github.com/vllm-project/vllm",
    doc="https://docs.vllm.ai",
    submitter="chartgen",
    owners=("chartgen-maintainers",),
    icon="gemma4-vllm.png",
)
