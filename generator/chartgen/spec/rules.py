"""Rules that need one spec only and concern more than one of its fields."""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from chartgen.errors import Fault
from chartgen.spec.app import App
from chartgen.spec.llamacpp import MTP, WORDS_OF_FORKS, LlamaCpp
from chartgen.spec.market import Market
from chartgen.spec.texts import Text, Unknown
from chartgen.spec.vllm import Vllm

RESERVED = frozenset(
    {
        "user",
        "system",
        "space",
        "default",
        "os",
        "kubesphere",
        "kube",
        "kubekey",
        "kubernetes",
        "gpu",
        "tapr",
        "bfl",
        "bytetrade",
        "project",
        "pod",
        "market",
        "auth",
        "citus",
        "desktop",
        "did",
        "docs",
        "files",
        "fsnotify",
        "headscale",
        "infisical",
        "intentprovider",
        "ksserver",
        "message",
        "mongo",
        "monitoring",
        "notifications",
        "profile",
        "redis",
        "recommend",
        "seafile",
        "search",
        "settings",
        "systemserver",
        "vault",
        "video",
        "zinc",
        "accounts",
        "dashboard",
        "nitro",
    }
)
"""Names that the device keeps for itself (Olares market contract 3.5, November 2026)."""

FACTS = frozenset(
    {
        "context",
        "context_per_slot",
        "download",
        "engine",
        "image",
        "kv_cache_dtype",
        "license",
        "model",
        "port",
        "served_name",
        "slots",
    }
)
"""What a text may quote from the spec."""

SIZE = {"Mi": 1, "Gi": 1024}


def app_faults(app: App, stem: str) -> list[Fault]:
    """Every fault of one spec that its fields alone do not show; `stem` is its file's name."""
    return [fault for rule in _RULES for fault in rule(app, stem)]


def market_faults(market: Market) -> list[Fault]:
    """Every fault of the market's settings that its fields alone do not show."""
    names = [category.name for category in market.categories]
    return [
        Fault("market.categories", "a category is declared twice", "Remove one.", name)
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]


def _identity(app: App, stem: str) -> Iterator[Fault]:
    if app.name != stem:
        yield Fault(
            f"{stem}.name", "the file bears another name", f"Name the file {app.name}.py.", app.name
        )
    if app.name in RESERVED:
        yield Fault(f"{stem}.name", "the device reserves this name", "Choose another.", app.name)


def _models(app: App, stem: str) -> Iterator[Fault]:
    roles = [model.role for model in app.models]
    for role in dict.fromkeys(roles):
        if roles.count(role) > 1:
            yield Fault(f"{stem}.models", "two models play one role", "Remove one.", role)
    if "weights" not in roles:
        yield Fault(f"{stem}.models", "no model plays the role weights", "Add the weights.")
    for index, model in enumerate(app.models):
        if model.file is None and (isinstance(app.engine, LlamaCpp) or model.role == "mmproj"):
            path = f"{stem}.models.{index}.file"
            yield Fault(path, "llama.cpp reads one file, not a repository", "Name the file.")


def _image(app: App, stem: str) -> Iterator[Fault]:
    image = app.engine.image
    moving = image.tag == "latest" or "nightly" in image.tag or "preview" in image.tag
    if moving and isinstance(image.digest, Unknown) and not image.mutable_because:
        yield Fault(
            f"{stem}.engine.image.tag",
            "this tag moves, and no digest pins it",
            "Give the digest, or say in mutable_because why it stands.",
            image.tag,
        )


def _vllm(app: App, stem: str) -> Iterator[Fault]:
    engine = app.engine
    if not isinstance(engine, Vllm):
        return
    if engine.language_model_only and engine.images_per_prompt:
        yield Fault(
            f"{stem}.engine.images_per_prompt",
            "the server runs the language model only",
            "Set it to 0, or turn language_model_only off.",
            str(engine.images_per_prompt),
        )
    drafted = engine.speculation and engine.speculation.method in ("eagle", "eagle3", "dflash")
    if drafted and app.model("draft") is None:
        path = f"{stem}.engine.speculation"
        yield Fault(path, "this method needs a drafter", "Add a model with the role draft.")
    if engine.max_num_batched_tokens < engine.max_num_seqs:
        yield Fault(
            f"{stem}.engine.max_num_batched_tokens",
            "vLLM wants a token of the batch for each sequence",
            f"Raise it to {engine.max_num_seqs} or more, or lower max_num_seqs.",
            str(engine.max_num_batched_tokens),
        )
    if engine.enable_chunked_prefill is False and (
        engine.max_num_batched_tokens < engine.max_model_len
    ):
        yield Fault(
            f"{stem}.engine.max_num_batched_tokens",
            "without chunked prefill a prompt must fit into one batch",
            f"Raise it to {engine.max_model_len}, or leave chunked prefill on.",
            str(engine.max_num_batched_tokens),
        )


def _llamacpp(app: App, stem: str) -> Iterator[Fault]:
    engine = app.engine
    if not isinstance(engine, LlamaCpp):
        return
    for name in ("cache_type_k", "cache_type_v"):
        kind = engine.cache_type_k if name == "cache_type_k" else engine.cache_type_v
        if kind.startswith("turbo") and engine.fork is None:
            path = f"{stem}.engine.{name}"
            yield Fault(path, "upstream llama.cpp has no such cache type", "Name the fork.", kind)
    if engine.cache_type_v not in ("f32", "f16", "bf16") and engine.flash_attn == "off":
        path = f"{stem}.engine.flash_attn"
        yield Fault(path, "a quantised V cache needs flash attention", "Turn it on.", "off")
    if engine.cpu_moe and engine.n_cpu_moe is not None:
        path = f"{stem}.engine.n_cpu_moe"
        problem = "cpu_moe keeps the experts of all layers in host memory already"
        yield Fault(path, problem, "Remove one of the two.", str(engine.n_cpu_moe))
    yield from _drafting(app, engine, stem)


def _drafting(app: App, engine: LlamaCpp, stem: str) -> Iterator[Fault]:
    """A drafter, its kind and its length are said together."""
    path, speculation = f"{stem}.engine.speculation", engine.speculation
    if speculation is None or not speculation.drafts:
        if app.model("draft"):
            remedy = "Give its spec_type, or remove the drafter."
            yield Fault(path, "nothing says how the drafter drafts", remedy)
        return
    kind = speculation.spec_type
    if speculation.n_max is None:
        remedy = "Say how many tokens are drafted at once."
        yield Fault(f"{path}.n_max", "builds differ in their default, and memory with it", remedy)
    if kind not in MTP and app.model("draft") is None:
        remedy = "Add a model with the role draft."
        yield Fault(f"{path}.spec_type", "this kind needs a drafter", remedy, kind)
    if kind in WORDS_OF_FORKS and engine.fork is None:
        remedy = f"Name the fork, or write draft-{kind}."
        yield Fault(f"{path}.spec_type", "upstream llama.cpp has no such kind", remedy, kind)


def _resources(app: App, stem: str) -> Iterator[Fault]:
    for name, pair in (("cpu", app.resources.cpu), ("memory", app.resources.memory)):
        request, limit = pair or ("0", "0")
        if _size(request) > _size(limit):
            yield Fault(
                f"{stem}.resources.{name}",
                "the request is larger than the limit",
                "Raise the limit or lower the request.",
                f"{request} > {limit}",
            )
    shm, memory = app.resources.shm, app.resources.memory
    if shm and memory and _size(shm) > _size(memory[1]):
        problem = "shared memory counts as memory and is over its limit"
        yield Fault(f"{stem}.resources.shm", problem, "Lower it.", shm)


def _size(text: str) -> int:
    """CPU in millicores, memory in MiB."""
    if text[-2:] in SIZE:
        return int(text[:-2]) * SIZE[text[-2:]]
    return int(text[:-1]) if text.endswith("m") else int(text) * 1000


def _requests(app: App, stem: str) -> Iterator[Fault]:
    slots = app.engine.full_slots
    if app.least_requests > slots:
        problem = f"the server runs at most {slots} requests at full context at once"
        remedy = "Demand fewer, or let the server run more."
        yield Fault(f"{stem}.least_requests", problem, remedy, f"{app.least_requests:g}")


def _withdrawal(app: App, stem: str) -> Iterator[Fault]:
    gone = app.suspended
    if gone and gone.removed and gone.removed < gone.since:
        remedy = "An app is suspended first, and removed that day or later."
        path = f"{stem}.suspended.removed"
        yield Fault(path, "it is removed before it is suspended", remedy, f"{gone.removed}")


def _env(app: App, stem: str) -> Iterator[Fault]:
    for index, variable in enumerate(app.engine.env):
        if "OLARES_USER" in variable.name + variable.value:
            yield Fault(
                f"{stem}.engine.env.{index}",
                "the device refuses charts whose templates name OLARES_USER variables",
                "Remove it; the mirror and the token are declared by chartgen.",
                variable.name,
            )


def _texts(app: App, stem: str) -> Iterator[Fault]:
    """Texts may quote facts of the spec, and only facts that there are."""
    for path, text in _all_texts(app, stem):
        for language, prose in (("en", text.en), ("zh", text.zh)):
            yield from _quotes(f"{path}.{language}", prose)


def _quotes(path: str, prose: str) -> Iterator[Fault]:
    remedy = f"Quote one of {', '.join(sorted(FACTS))}; double a brace that is text."
    try:
        quoted = [(name, spec, how) for _, name, spec, how in string.Formatter().parse(prose)]
    except ValueError as error:
        yield Fault(path, f"the braces do not match: {error}", remedy)
        return
    for name, spec, how in quoted:
        if name is not None and (name not in FACTS or spec or how):
            yield Fault(path, "the text quotes a fact that there is not", remedy, f"{{{name}}}")


def _all_texts(value: object, path: str) -> Iterator[tuple[str, Text]]:
    if isinstance(value, Text):
        yield path, value
    elif is_dataclass(value) and not isinstance(value, type):
        for item in fields(value):
            yield from _all_texts(getattr(value, item.name), f"{path}.{item.name}")


_RULES = (
    _identity,
    _models,
    _image,
    _vllm,
    _llamacpp,
    _resources,
    _requests,
    _withdrawal,
    _env,
    _texts,
)
