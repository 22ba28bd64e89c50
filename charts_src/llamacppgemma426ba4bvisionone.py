from datetime import date

from chartgen.spec import App, Image, LlamaCpp, Model, Text, Unknown
from chartgen.spec.common import EnvVar
from charts_src.families import gemma4, house

GGUF = "unsloth/gemma-4-26B-A4B-it-GGUF"

app = App(
    name="llamacppgemma426ba4bvisionone",
    version="1.0.3",
    released=date(2026, 11, 21),
    changes=Text(
        "One slot with the whole context, and a q4_0 KV cache.",
        "单个槽位使用全部上下文,KV 缓存改为 q4_0。",
    ),
    title="Gemma 4 26B Vision llama.cpp",
    entrance_title="Gemma 4 26B llama-cpp",
    description=Text(
        "Gemma 4 26B-A4B with images, {slots} x {context_per_slot} tokens, served by {engine}",
        "Gemma 4 26B-A4B，支持图像，{slots} x {context_per_slot} 上下文，由 {engine} 提供服务",
    ),
    full_description=Text(
        "An OpenAI-compatible server with images, without speculative drafts of a second model.\n\n"
        "- Model: {model} with its projector\n"
        "- Context: {context} tokens in all, {context_per_slot} for each of {slots} slots\n"
        "- KV cache: {kv_cache_dtype}\n"
        "- Model name for clients: {served_name}",
        "兼容 OpenAI 接口、支持图像的服务器，不使用第二个模型做推测解码。\n\n"
        "- 模型：{model} 及其投影器\n"
        "- 上下文：共 {context} 个词元，{slots} 个槽位各 {context_per_slot} 个\n"
        "- KV 缓存：{kv_cache_dtype}\n"
        "- 客户端使用的模型名：{served_name}",
    ),
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
    resources=house.MODEL_SERVER,
    license=gemma4.LICENSE,
    developer=gemma4.DEVELOPER,
    website=gemma4.WEBSITE,
    source_code="https://github.com/AtomicBot-ai/atomic-llama-cpp-turboquant",
    doc="https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
    submitter=house.SUBMITTER,
    owners=house.OWNERS,
    icon="gemma4-llamacpp.png",
)
