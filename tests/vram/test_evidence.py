"""Which recorded run speaks for which deployment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import pytest

from chartgen.facts import Device, Facts, Run
from chartgen.spec import App, LlamaCpp, LlamaSpeculation, Model, Speculation, Text, Unknown, Vllm
from chartgen.vram import Verdict, claim_faults, plan, plan_text
from tests.vram.deployments import (
    LlamaChange,
    VllmChange,
    llamacpp,
    run_of,
    version,
    vllm,
    with_runs,
)

COMMIT = "1" * 40


def with_twins(facts: Facts) -> Facts:
    """The facts with a second device and a second model, like the first but for the name."""
    devices: Mapping[str, Device] = facts.devices
    twin = devices["olares-one"].model_copy(update={"name": "olares-two"})
    (model,) = facts.models
    copies = tuple(one.model_copy(update={"repo": f"{one.repo}-2"}) for one in model.checkpoints)
    wider = model.model_copy(update={"checkpoints": model.checkpoints + copies})
    return replace(facts, models=(wider,), devices={**devices, "olares-two": twin})


def measured(app: App, facts: Facts) -> bool:
    """Whether a recorded run speaks for the app."""
    return plan(app, with_twins(facts)).measured


def other_model(app: App) -> App:
    first, *rest = app.models
    return replace(app, models=(replace(first, repo=f"{first.repo}-2"), *rest))


MATTERS: Mapping[str, VllmChange] = {
    "engine version": version("0.20.2rc1.dev68"),
    "KV type": lambda engine: replace(engine, kv_cache_dtype="fp8_e5m2"),
    "wide KV type": lambda engine: replace(engine, kv_cache_dtype="bfloat16"),
    "context": lambda engine: replace(engine, max_model_len=131_071),
    "sequences": lambda engine: replace(engine, max_num_seqs=3),
    "batch": lambda engine: replace(engine, max_num_batched_tokens=8191),
    "utilization": lambda engine: replace(engine, gpu_memory_utilization=0.921),
    "vision": lambda engine: replace(engine, images_per_prompt=0),
    "speculation": lambda engine: replace(
        engine, speculation=Speculation(method="ngram", num_speculative_tokens=4)
    ),
    "arguments": lambda engine: replace(engine, extra_args=("--gpu-memory-utilization=0.99",)),
    "graphs": lambda engine: replace(engine, cudagraph_mode="FULL_AND_PIECEWISE"),
}
"""Settings that change how much memory a server takes."""


@pytest.mark.parametrize("change", MATTERS.values(), ids=MATTERS.keys())
def test_a_record_does_not_speak_for_another_deployment(
    flagship: App, facts: Facts, change: VllmChange
) -> None:
    assert measured(vllm(flagship, lambda engine: engine), facts)
    assert not measured(vllm(flagship, change), facts)


def test_nor_for_another_device_or_model(flagship: App, facts: Facts) -> None:
    assert not measured(replace(flagship, device="olares-two"), facts)
    assert not measured(other_model(flagship), facts)


def rename(app: App) -> App:
    return replace(app, name="another", title="Another", version="2.0.0", released=date(2027, 1, 1))


def retell(app: App) -> App:
    other = Text("another text", "另一个")
    return replace(app, changes=other, description=other, full_description=other)


def pin(app: App) -> App:
    (model,) = app.models
    return replace(app, models=(replace(model, revision=COMMIT),))


def template(app: App) -> App:
    found = Model(role="chat_template", repo="a/b", file="chat.jinja", revision=COMMIT)
    return replace(app, models=(*app.models, found))


def of_engine(change: VllmChange) -> Callable[[App], App]:
    return lambda app: vllm(app, change)


DOES_NOT_MATTER: Mapping[str, Callable[[App], App]] = {
    "names": rename,
    "texts": retell,
    "pinned revision": pin,
    "chat template": template,
    "no claim": lambda app: replace(app, evidence=()),
    "tool parser": of_engine(lambda engine: replace(engine, tool_call_parser=None)),
    "reasoning parser": of_engine(lambda engine: replace(engine, reasoning_parser="gemma4")),
    "served name": of_engine(lambda engine: replace(engine, served_model_name="gemma")),
    "port": of_engine(lambda engine: replace(engine, port=9000)),
    "tag": of_engine(lambda engine: replace(engine, image=replace(engine.image, tag="v0.20.2"))),
    "resources": lambda app: replace(app, resources=replace(app.resources, shm="16Gi")),
}


@pytest.mark.parametrize("change", DOES_NOT_MATTER.values(), ids=DOES_NOT_MATTER.keys())
def test_a_record_still_speaks_when_nothing_of_memory_changed(
    flagship: App, facts: Facts, change: Callable[[App], App]
) -> None:
    changed = change(flagship)
    assert changed != flagship
    assert measured(changed, facts)
    assert plan(changed, facts).verdict == "fits"


def forget_version(engine: Vllm) -> Vllm:
    return replace(engine, image=replace(engine.image, engine_version=Unknown("a moving tag")))


def test_an_unknown_engine_version_matches_no_record(flagship: App, facts: Facts) -> None:
    app = vllm(flagship, forget_version)
    assert claim_faults(app, facts) == []
    assert not measured(app, facts)


def test_an_unknown_engine_version_can_claim_no_record(flagship: App, facts: Facts) -> None:
    app = replace(vllm(flagship, forget_version), evidence=flagship.evidence)
    (fault,) = claim_faults(app, facts)
    assert (fault.path, fault.value) == (f"{app.name}.evidence.0", flagship.evidence[0])
    assert "engine_version" in fault.remedy


def test_a_claimed_record_that_there_is_not(flagship: App, facts: Facts) -> None:
    app = replace(flagship, evidence=(*flagship.evidence, "nowhere"))
    (fault,) = claim_faults(app, facts)
    assert (fault.path, fault.value) == (f"{app.name}.evidence.1", "nowhere")


@pytest.mark.parametrize(
    ("claim", "differences"),
    [
        ("vllm-gemma-4-26b-awq-16k", ("context 16384", "131072", "utilization 0.85", "0.92")),
        ("vllm-gemma-4-26b-awq-128k-v0.21", ("engine_version 0.21.1rc1.dev169",)),
    ],
)
def test_a_claimed_record_of_another_deployment(
    flagship: App, facts: Facts, claim: str, differences: tuple[str, ...]
) -> None:
    (fault,) = claim_faults(replace(flagship, evidence=(claim,)), facts)
    assert (fault.path, fault.value) == (f"{flagship.name}.evidence.0", claim)
    assert all(difference in fault.remedy for difference in differences)
    assert "sequences" not in fault.remedy


def test_a_claimed_record_of_a_failure_refuses(flagship: App, facts: Facts) -> None:
    claim = "vllm-gemma-4-26b-awq-128k-v0.21"
    app = replace(vllm(flagship, version("0.21.1rc1.dev169")), evidence=(claim,))
    assert claim_faults(app, facts) or plan(app, facts).verdict == "does-not-fit"


def llama_run(app: App, facts: Facts) -> Run:
    """A made-up run of the llama.cpp app, with the version that `known` gives it."""
    weights = app.models[0]
    return run_of(facts, "vllm-gemma-4-26b-awq-128k").model_copy(
        update={
            "engine": "llamacpp",
            "engine_version": "b9101",
            "model": f"{weights.repo}/{weights.file}",
            "kv_cache_dtype": "q4_0/q4_0",
            "sequences": 1,
            "batch": 512,
            "utilization": None,
            "settings": (
                "env GGML_CUDA_GRAPH_OPT=1",
                f"mmproj={app.models[1].path}",
            ),
        }
    )


def known(engine: LlamaCpp) -> LlamaCpp:
    return replace(engine, image=replace(engine.image, engine_version="b9101"))


LLAMA_MATTERS: Mapping[str, LlamaChange] = {
    "engine version": lambda engine: replace(
        engine, image=replace(engine.image, engine_version="b9102")
    ),
    "K type": lambda engine: replace(engine, cache_type_k="q8_0"),
    "V type": lambda engine: replace(engine, cache_type_v="q8_0"),
    "context": lambda engine: replace(engine, ctx_size=65_536),
    "slots": lambda engine: replace(engine, parallel=2),
    "micro-batch": lambda engine: replace(engine, n_ubatch=1024),
    "whole window": lambda engine: replace(engine, swa_full=True),
    "arguments": lambda engine: replace(engine, extra_args=("--lora", "x.gguf")),
}


@pytest.mark.parametrize("change", LLAMA_MATTERS.values(), ids=LLAMA_MATTERS.keys())
def test_a_record_of_the_other_engine_is_as_strict(
    llama: App, facts: Facts, change: LlamaChange
) -> None:
    app = llamacpp(llama, known)
    recorded = with_runs(facts, llama_run(app, facts))
    assert measured(app, recorded)
    assert not measured(llamacpp(app, change), recorded)


def test_unified_slots_are_another_deployment(llama: App, facts: Facts) -> None:
    two = llamacpp(llama, lambda engine: replace(known(engine), parallel=2))
    run = llama_run(two, facts).model_copy(update={"sequences": 2})
    assert measured(two, with_runs(facts, run))
    unified = llamacpp(two, lambda engine: replace(engine, kv_unified=True))
    assert not measured(unified, with_runs(facts, run))


def test_attention_without_its_flash_kernels_is_another_deployment(
    llama: App, facts: Facts
) -> None:
    wide = llamacpp(
        llama, lambda engine: replace(known(engine), cache_type_k="f16", cache_type_v="f16")
    )
    run = llama_run(wide, facts).model_copy(update={"kv_cache_dtype": "f16/f16"})
    assert measured(wide, with_runs(facts, run))
    off = llamacpp(wide, lambda engine: replace(engine, flash_attn="off"))
    assert not measured(off, with_runs(facts, run))


def test_a_record_with_a_projector_is_not_of_one_without(llama: App, facts: Facts) -> None:
    app = llamacpp(llama, known)
    recorded = with_runs(facts, llama_run(app, facts))
    assert not measured(replace(app, models=app.models[:1]), recorded)
    assert not measured(other_model(app), recorded)


LLAMA_DOES_NOT_MATTER: Mapping[str, LlamaChange] = {
    "alias": lambda engine: replace(engine, alias="gemma"),
    "template": lambda engine: replace(engine, jinja=False),
    "threads": lambda engine: replace(engine, threads=8),
    "n-grams": lambda engine: replace(
        engine, speculation=LlamaSpeculation(spec_type="ngram-cache")
    ),
    "the default micro-batch, written out": lambda engine: replace(engine, n_ubatch=512),
}


@pytest.mark.parametrize("change", LLAMA_DOES_NOT_MATTER.values(), ids=LLAMA_DOES_NOT_MATTER.keys())
def test_the_other_engine_s_names_do_not_matter(
    llama: App, facts: Facts, change: LlamaChange
) -> None:
    app = llamacpp(llama, known)
    recorded = with_runs(facts, llama_run(app, facts))
    assert measured(llamacpp(app, change), recorded)


def recorded(facts: Facts, outcome: str, **other: object) -> Facts:
    """The facts with the flagship's run alone, with another outcome and other settings."""
    run = run_of(facts, "vllm-gemma-4-26b-awq-128k")
    return with_runs(facts, run.model_copy(update={"outcome": outcome, **other}))


def decided(app: App, facts: Facts) -> Verdict:
    made = plan(app, facts)
    assert made.predicted is Verdict.UNPROVEN
    assert not made.measured
    return made.verdict


MORE: Mapping[str, tuple[str, object]] = {
    "context": ("context", 262_144),
    "sequences": ("sequences", 8),
    "batch": ("batch", 16_384),
}
LESS: Mapping[str, tuple[str, object]] = {
    "context": ("context", 65_536),
    "sequences": ("sequences", 2),
    "batch": ("batch", 4096),
}


@pytest.mark.parametrize(("field", "value"), MORE.values(), ids=MORE.keys())
def test_what_served_with_more_proves(
    flagship: App, facts: Facts, field: str, value: object
) -> None:
    assert decided(flagship, recorded(facts, "served", **{field: value})) is Verdict.FITS
    assert decided(flagship, recorded(facts, "failed", **{field: value})) is Verdict.UNPROVEN


@pytest.mark.parametrize(("field", "value"), LESS.values(), ids=LESS.keys())
def test_what_failed_with_less_refuses(
    flagship: App, facts: Facts, field: str, value: object
) -> None:
    assert decided(flagship, recorded(facts, "failed", **{field: value})) is Verdict.DOES_NOT_FIT
    assert decided(flagship, recorded(facts, "served", **{field: value})) is Verdict.UNPROVEN


def test_what_needs_more_here_and_less_there_says_nothing(flagship: App, facts: Facts) -> None:
    for outcome in ("served", "failed"):
        mixed = recorded(facts, outcome, context=262_144, sequences=1)
        assert decided(flagship, mixed) is Verdict.UNPROVEN


def test_another_version_says_nothing_of_this_one(flagship: App, facts: Facts) -> None:
    for outcome in ("served", "failed"):
        other = recorded(facts, outcome, engine_version="0.33.0", context=262_144)
        assert decided(flagship, other) is Verdict.UNPROVEN


def test_the_record_that_decides_is_named_with_its_difference(flagship: App, facts: Facts) -> None:
    made = plan(flagship, recorded(facts, "served", context=262_144))
    text = plan_text(made)
    assert "FITS: a recorded run of a deployment that needs no less served" in text
    assert "vllm-gemma-4-26b-awq-128k (context 262144, not 131072)" in text
    refused = plan_text(plan(flagship, recorded(facts, "failed", sequences=2)))
    assert "DOES NOT FIT: a recorded run of a deployment that needs no more failed" in refused


def test_one_request_proves_no_more_than_one(flagship: App, facts: Facts) -> None:
    """A run of a larger deployment served one full request, not two at once."""
    small = vllm(flagship, lambda engine: replace(engine, max_model_len=65_536))
    two = replace(small, least_requests=2.0)
    assert plan(two, facts).verdict is plan(two, facts).predicted


def test_a_run_of_this_very_deployment_outweighs_all_others(flagship: App, facts: Facts) -> None:
    own = run_of(facts, "vllm-gemma-4-26b-awq-128k")
    worse = own.model_copy(update={"id": "less", "outcome": "failed", "sequences": 2})
    made = plan(flagship, with_runs(facts, own, worse))
    assert (made.verdict, made.measured) == (Verdict.FITS, True)
    assert [one.run.id for one in made.neighbours] == ["less"]
