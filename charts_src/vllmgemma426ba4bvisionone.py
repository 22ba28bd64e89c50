from datetime import date

from chartgen.spec import App, Image, Model, Text, Unknown, Vllm
from charts_src.families import gemma4, house

app = App(
    name="vllmgemma426ba4bvisionone",
    version="1.0.2",
    released=date(2026, 11, 21),
    changes=Text(
        "Tool calling works with OpenAI clients: the server now parses Gemma 4's tool calls.",
        "支持 OpenAI 客户端的工具调用：服务器现在会解析 Gemma 4 的工具调用格式。",
    ),
    title="Gemma 4 26B Vision One",
    entrance_title="Gemma 4 26B Vision",
    description=Text(
        "Gemma 4 26B-A4B with images and {context} tokens of context, served by {engine}",
        "Gemma 4 26B-A4B，支持图像和 {context} 上下文，由 {engine} 提供服务",
    ),
    full_description=Text(
        "An OpenAI-compatible server for office work by two or three people at once: long PDFs, "
        "scans and pictures.\n\n"
        "- Model: {model}, one image in a prompt\n"
        "- Context: {context} tokens, {kv_cache_dtype} KV cache, at most {slots} requests at once\n"
        "- Model name for clients: {served_name}\n"
        "- Engine: {engine} {engine_version}",
        "兼容 OpenAI 接口的服务器，适合两三人同时处理办公任务：长 PDF、扫描件和图片。\n\n"
        "- 模型：{model}，每个提示可含一张图片\n"
        "- 上下文：{context} 个词元，{kv_cache_dtype} KV 缓存，最多同时处理 {slots} 个请求\n"
        "- 客户端使用的模型名：{served_name}\n"
        "- 引擎：{engine} {engine_version}",
    ),
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
        attention_backend="triton_attn",  # flash_attn refuses Gemma 4's two head sizes
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
    resources=house.VLLM_SERVER,
    license=gemma4.LICENSE,
    developer=gemma4.DEVELOPER,
    website=gemma4.WEBSITE,
    source_code="https://github.com/vllm-project/vllm",
    doc="https://docs.vllm.ai",
    submitter=house.SUBMITTER,
    owners=house.OWNERS,
    icon="gemma4-vllm.png",
)
