from datetime import date

from chartgen.spec import Text, Vllm
from charts_src.families import gemma4, house, images

app = gemma4.app(
    name="vllmgemma426ba4bvisionone",
    version="1.0.1",
    released=date(2026, 11, 21),
    changes=Text(
        "Eight times the context: 128K instead of 16K tokens, at the same speed.",
        "上下文扩大八倍：从 16K 增至 128K 词元，速度不变。",
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
    ),
    models=(gemma4.AWQ_4BIT,),
    evidence=("vllm-gemma-4-26b-awq-128k",),
    resources=house.VLLM_SERVER,
    source_code="https://github.com/vllm-project/vllm",
    doc="https://docs.vllm.ai",
)
