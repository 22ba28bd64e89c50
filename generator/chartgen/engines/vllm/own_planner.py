"""Asks an installed vLLM's own planner; run by its path, by the Python that has vLLM.

Reads a JSON list of cases from standard input and writes a JSON list of answers to
standard output. It needs no GPU and no chartgen: `exact.py` writes the cases and reads
the answers. A case that the planner refuses is an answer; one that this script cannot
put to the version is `{"trouble": ...}`. With the argument `version` it says the version
alone, from the package's metadata.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.metadata
import json
import sys
from types import ModuleType, SimpleNamespace

PLANNERS = ("vllm.v1.core.kv_cache_planning", "vllm.v1.core.kv_cache_utils")
"""Modules that the planner's functions lie in, the newest layout first."""

VERSION = "version"
"""The argument that asks for the version alone."""

Case = dict[str, int | float | str | bool | list[dict[str, int | str | None]]]


class Vllm:
    """The functions of one installed version, wherever they lie in it."""

    def __init__(self) -> None:
        """Import the planner; raises ImportError where there is none."""
        self.modules = list(filter(None, map(_module, PLANNERS)))
        if not self.modules:
            raise ImportError("no KV planner in this Python: " + ", ".join(PLANNERS))
        self.interface = importlib.import_module("vllm.v1.kv_cache_interface")
        self.torch = importlib.import_module("torch")

    def has(self, name: str) -> bool:
        """Whether this version has a function."""
        return any(hasattr(module, name) for module in self.modules)

    def call(self, name: str, *arguments: object) -> object:
        """The answer of a function of the planner."""
        module = next(module for module in self.modules if hasattr(module, name))
        return getattr(module, name)(*arguments)


def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and name.startswith(error.name):
            return None
        raise


def specs_of(vllm: Vllm, case: Case) -> dict[str, object]:
    """The specs of all layers by name, as the version's own classes."""
    found: dict[str, object] = {}
    layers = case["layers"]
    for number, kind in enumerate(layers if isinstance(layers, list) else ()):
        for index in range(int(kind["layers"] or 0)):
            found[f"model.layers.{len(found)}.kind{number}.{index}"] = _spec(vllm, case, kind)
    return found


def _spec(vllm: Vllm, case: Case, kind: dict[str, int | str | None]) -> object:
    torch, family = vllm.torch, kind["family"]
    if family == "mamba":
        state: dict[str, object] = {
            "block_size": kind["block_size"],
            "shapes": ((kind["conv_rows"], kind["conv_dim"]), (kind["state"],)),
            "dtypes": (torch.bfloat16, torch.float32),
            "page_size_padded": kind["page_bytes"],
            "mamba_cache_mode": case["mamba_cache_mode"],
            "num_speculative_blocks": kind["speculative_blocks"],
            "num_prefill_checkpoint_blocks": kind["checkpoint_blocks"],
        }
        return _made(vllm.interface.MambaSpec, state)
    given: dict[str, object] = {
        "block_size": kind["block_size"],
        "num_kv_heads": kind["kv_heads"],
        "head_size": kind["head_dim"],
        "head_size_v": kind["value_dim"],
        "dtype": torch.uint8 if kind["element"] == 1 else torch.bfloat16,
        "sliding_window": kind["window"],
        "extra_retained_tokens": case["retained"],
        # What the plain attention backends say of themselves, 0.24 to 0.29.
        "indexes_kv_by_block_stride": family != "mla" and not kind["slot_bytes"],
    }
    if kind["slot_bytes"]:
        given |= {"state_content_bytes": kind["slot_bytes"], "tq_slot_size": kind["slot_bytes"]}
    return _made(_class(vllm, str(family), packed=bool(kind["slot_bytes"])), given)


def _class(vllm: Vllm, family: str, *, packed: bool) -> type[object]:
    name = {"mla": "MLAAttentionSpec", "swa": "SlidingWindowSpec"}.get(family, "FullAttentionSpec")
    if packed and hasattr(vllm.interface, "TQFullAttentionSpec"):
        name = "TQFullAttentionSpec"
    found: type[object] = getattr(vllm.interface, name)
    return found


def _made(kind: type[object], given: dict[str, object]) -> object:
    """An instance with those of the fields that the version's class has."""
    names = {item.name for item in dataclasses.fields(kind) if item.init}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in given.items() if name in names})


def config_of(vllm: Vllm, case: Case) -> SimpleNamespace:
    """What the planner reads of a server's configuration, and nothing else."""
    flights, batch = case["in_flight"], case["max_num_batched_tokens"]
    model = SimpleNamespace(
        max_model_len=case["max_model_len"],
        original_max_model_len=case["max_model_len"],
        supports_kv_cache_grouping=False,
        use_mla=False,
        hf_config=SimpleNamespace(),
    )
    cache = SimpleNamespace(
        num_gpu_blocks_override=None,
        prefix_cache_retention_interval=None,
        mamba_cache_mode=case["mamba_cache_mode"],
        block_size=case["block_size"],
        get_resolved_kv_cache_layout=lambda: _layout(vllm),
    )
    scheduler = SimpleNamespace(
        disable_hybrid_kv_cache_manager=not case["hybrid_manager"],
        max_num_batched_tokens=batch,
    )
    one = SimpleNamespace(
        decode_context_parallel_size=1,
        prefill_context_parallel_size=1,
        pipeline_parallel_size=1,
        tensor_parallel_size=1,
    )
    return SimpleNamespace(
        model_config=model,
        cache_config=cache,
        scheduler_config=scheduler,
        parallel_config=one,
        speculative_config=_speculation(case),
        attention_config=SimpleNamespace(hisparse_config=None),
        kv_transfer_config=None,
        device_config=SimpleNamespace(device_type="cuda"),
        max_in_flight_tokens=int(str(flights)) * int(str(batch)),
        num_prefill_lookahead_tokens=int(str(case["retained"])) + 1,
    )


def _speculation(case: Case) -> SimpleNamespace | None:
    """A chain of several MTP layers; a single one changes nothing of the plan."""
    if not case["retained"]:
        return None
    return SimpleNamespace(
        method="mtp",
        num_speculative_tokens=int(str(case["retained"])) + 1,
        use_multi_module_mtp=lambda: True,
        use_eagle=lambda: False,
        use_eagle_block_drop=lambda: False,
    )


def _layout(vllm: Vllm) -> object:
    """The layout that a server takes where no attention backend asks for another."""
    return vllm.interface.KVCacheLayout.LBNHC


def answer(vllm: Vllm, case: Case) -> dict[str, object]:
    """The planner's answer to one case."""
    config, available = config_of(vllm, case), case["available_bytes"]
    try:
        groups = _groups(vllm, config, specs_of(vllm, case))
    except (NotImplementedError, ValueError, AssertionError) as error:
        return {"startup_error": str(error) or type(error).__name__}
    found: dict[str, object] = {
        "groups": [_group(config, group) for group in groups],
        "needed_bytes": _ask(vllm, "_max_memory_usage_bytes_from_groups", config, groups),
    }
    try:
        made = _configs(vllm, config, specs_of(vllm, case), groups, available)
    except ValueError as error:
        return {**found, "refusal": str(error)}
    requests = vllm.call("get_max_concurrency_for_kv_cache_config", config, made)
    return {**found, "num_blocks": made.num_blocks, "max_concurrency": requests}  # type: ignore[attr-defined]


def _groups(vllm: Vllm, config: SimpleNamespace, specs: dict[str, object]) -> list[SimpleNamespace]:
    if vllm.has("get_global_kv_cache_groups"):
        return vllm.call("get_global_kv_cache_groups", config, [specs])  # type: ignore[return-value]
    return vllm.call("get_kv_cache_groups", config, dict(specs))  # type: ignore[return-value]


def _ask(vllm: Vllm, name: str, config: SimpleNamespace, groups: list[SimpleNamespace]) -> object:
    """A function of the groups, which newer versions ask with a builder first."""
    try:
        return vllm.call(name, config, groups)
    except TypeError:
        builders = importlib.import_module("vllm.v1.core.kv_cache_config_builder")
        return vllm.call(name, builders.get_kv_cache_config_builder(config), config, groups)


def _configs(
    vllm: Vllm,
    config: SimpleNamespace,
    specs: dict[str, object],
    groups: list[SimpleNamespace],
    available: object,
) -> object:
    """The configuration of the one card; newer versions are given the groups as well."""
    asked: list[object] = [config, [specs], [available]]
    if vllm.has("get_global_kv_cache_groups"):
        asked.append(groups)
    made: list[object] = vllm.call("get_kv_cache_configs", *asked)  # type: ignore[assignment]
    return made[0]


def _group(config: SimpleNamespace, group: SimpleNamespace) -> dict[str, object]:
    spec = group.kv_cache_spec
    needed = spec.max_memory_usage_bytes(config)
    return {
        "type": type(spec).__name__,
        "layers": len(group.layer_names),
        "block_size": spec.block_size,
        "page_bytes": spec.page_size_bytes,
        "blocks_per_request": -(-needed // spec.page_size_bytes),
    }


def main() -> None:
    """Answer every case; one that fails does not keep the others from an answer."""
    version = importlib.metadata.version("vllm")
    if VERSION in sys.argv[1:]:
        json.dump(version, sys.stdout)
        return
    vllm = Vllm()
    answers = []
    for case in json.load(sys.stdin):
        try:
            found = answer(vllm, case)
        except (AttributeError, AssertionError, TypeError, KeyError, StopIteration) as error:
            found = {"trouble": f"{type(error).__name__}: {error}"}
        answers.append({"version": version, **found})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
