from datetime import date

from chartgen.spec import Text, Vllm
from charts_src.families import gemma4, house, images

app = gemma4.app(
    name="vllmgemma426ba4bvisionone",
    version="1.0.0",
    released=date(2026, 11, 21),
    changes=Text(
        "First release: images, 16K tokens of context, four requests at once.",
        "首个版本：支持图像，16K 词元上下文，四个并发请求。",
    ),
    title="Gemma 4 26B Vision One",
    entrance_title="Gemma 4 26B Vision",
    icon="gemma4-vllm.png",
    engine=Vllm(
        image=images.VLLM_TOKENSPEED,
        served_model_name="gemma-4-26b-vision",
        max_model_len=16384,
        gpu_memory_utilization=0.85,
        max_num_seqs=4,
        max_num_batched_tokens=8192,
        kv_cache_dtype="fp8",
        attention_backend="triton_attn",  # flash_attn refuses Gemma 4's two head sizes
        images_per_prompt=1,
    ),
    models=(gemma4.AWQ_4BIT,),
    evidence=("vllm-gemma-4-26b-awq-16k",),
    resources=house.VLLM_SERVER,
    source_code="https://github.com/vllm-project/vllm",
    doc="https://docs.vllm.ai",
)
