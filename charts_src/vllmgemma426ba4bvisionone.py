from datetime import date

from chartgen.spec import Text, Vllm
from charts_src.families import gemma4, house, images

app = gemma4.app(
    name="vllmgemma426ba4bvisionone",
    version="1.0.2",
    released=date(2026, 11, 21),
    changes=Text(
        "Tool calling works with OpenAI clients: the server parses Gemma 4's tool calls.",
        "支持 OpenAI 客户端的工具调用：服务器会解析 Gemma 4 的工具调用格式。",
    ),
    title="Gemma 4 26B Vision One",
    entrance_title="Gemma 4 26B Vision",
    icon="gemma4-vllm.png",
    engine=Vllm(
        image=images.VLLM_TOKENSPEED,
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
    models=(gemma4.AWQ_4BIT,),
    evidence=("vllm-gemma-4-26b-awq-128k",),
    resources=house.VLLM_SERVER,
    source_code="https://github.com/vllm-project/vllm",
    doc="https://docs.vllm.ai",
)
