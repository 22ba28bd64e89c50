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
        "An OpenAI-compatible server for long PDFs, scans and pictures. Clients use its API "
        "under /v1.\n\n"
        "- Model name for clients: {served_name}, port {port}\n"
        "- Model: {model}\n"
        "- Context: up to {context_per_slot} tokens in a request\n"
        "- Requests at once: {slots}; further ones wait\n"
        "- KV cache: {kv_cache_dtype}\n"
        "- Engine: {engine}, image {image}\n"
        "- Licence: {license}; some sources name the Gemma Terms of Use instead\n\n"
        "The first start downloads about {download}; later starts use the files that are there.",
        "兼容 OpenAI 接口的服务器，适合处理长 PDF、扫描件和图片。客户端通过 /v1 下的接口使用。\n\n"
        "- 客户端使用的模型名：{served_name}，端口 {port}\n"
        "- 模型：{model}\n"
        "- 上下文：每个请求最多 {context_per_slot} 词元\n"
        "- 并发请求数：{slots}，更多的请求会排队等待\n"
        "- KV 缓存：{kv_cache_dtype}\n"
        "- 引擎：{engine}，镜像 {image}\n"
        "- 许可证：{license}；部分来源写的是 Gemma 使用条款\n\n"
        "首次启动约下载 {download}，之后直接使用已有文件。",
    ),
)
