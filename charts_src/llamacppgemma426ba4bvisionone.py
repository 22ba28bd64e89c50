from datetime import date

from chartgen.spec import EnvVar, LlamaCpp, Suspended, Text
from charts_src.families import gemma4, house, images

app = gemma4.app(
    name="llamacppgemma426ba4bvisionone",
    version="1.0.3",
    released=date(2026, 11, 21),
    changes=Text(
        "One slot with the whole context, and a q4_0 KV cache.",
        "单个槽位使用全部上下文，KV 缓存改为 q4_0。",
    ),
    title="Gemma 4 26B Vision llama.cpp",
    entrance_title="Gemma 4 26B llama-cpp",
    icon="gemma4-llamacpp.png",
    engine=LlamaCpp(
        image=images.LLAMACPP_ATOMIC,
        fork="atomic",
        alias="gemma-4-26b-vision",
        ctx_size=131072,
        parallel=1,
        cache_type_k="q4_0",
        cache_type_v="q4_0",
        env=(EnvVar("GGML_CUDA_GRAPH_OPT", "1"),),
    ),
    models=(gemma4.UD_Q4_K_XL, gemma4.MMPROJ_F16),
    resources=house.LLAMACPP_SERVER,
    source_code="https://github.com/AtomicBot-ai/atomic-llama-cpp-turboquant",
    doc="https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
    suspended=Suspended(
        since=date(2026, 11, 21),
        because=Text(
            "Withdrawn in favour of the vLLM app: one app for each use case.",
            "由 vLLM 应用取代：每种用途只保留一个应用。",
        ),
        successor="vllmgemma426ba4bvisionone",
    ),
)
