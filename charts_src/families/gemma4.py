"""What the Gemma 4 26B-A4B apps share: texts, licence, model files."""

from functools import partial

from chartgen.spec import License, Model, Text, Unknown
from charts_src.families import house

GGUF = "unsloth/gemma-4-26B-A4B-it-GGUF"

AWQ_4BIT = Model(
    role="weights",
    repo="cyankiwi/gemma-4-26B-A4B-it-AWQ-4bit",
    revision=Unknown("no source names the commit that was measured"),
)
UD_Q4_K_XL = Model(
    role="weights",
    repo=GGUF,
    file="gemma-4-26B-A4B-it-UD-Q4_K_XL.gguf",
    revision=Unknown("no source names a commit"),
)
MMPROJ_F16 = Model(
    role="mmproj",
    repo=GGUF,
    file="mmproj-F16.gguf",
    revision=Unknown("no source names a commit"),
    uncertain="the repository: an earlier text app took a BF16 projector from it, "
    "no source says that the F16 one lies there",
)

app = partial(
    house.app,
    developer="Google DeepMind",
    website="https://ai.google.dev/gemma",
    license=License(
        text="Apache 2.0",
        url="https://www.apache.org/licenses/LICENSE-2.0",
        note="sources differ: the market's own record says Apache 2.0, "
        "others the Gemma Terms of Use",
    ),
    description=Text(
        "Gemma 4 26B-A4B with images and up to {context_per_slot} tokens in a request, "
        "served by {engine}",
        "Gemma 4 26B-A4B，支持图像，每个请求最多 {context_per_slot} 词元，由 {engine} 提供服务",
    ),
    full_description=Text(
        "An OpenAI-compatible server for office work by two or three people at once: long PDFs, "
        "scans and pictures.\n\n"
        "- Model: {model}\n"
        "- Context: up to {context_per_slot} tokens in a request\n"
        "- Requests at once: at most {slots}\n"
        "- KV cache: {kv_cache_dtype}\n"
        "- Model name for clients: {served_name}, port {port}\n"
        "- Engine: {engine} {engine_version}\n\n"
        "The first start downloads the model; later starts use the files that are there.",
        "兼容 OpenAI 接口的服务器，适合两三人同时处理办公任务：长 PDF、扫描件和图片。\n\n"
        "- 模型：{model}\n"
        "- 上下文：每个请求最多 {context_per_slot} 词元\n"
        "- 并发请求数：最多 {slots} 个\n"
        "- KV 缓存：{kv_cache_dtype}\n"
        "- 客户端使用的模型名：{served_name}，端口 {port}\n"
        "- 引擎：{engine} {engine_version}\n\n"
        "首次启动会下载模型，之后直接使用已有文件。",
    ),
)
