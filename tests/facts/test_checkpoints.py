"""Layouts and checkpoints: where the bytes lie, and what an engine keeps on the GPU."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from chartgen.errors import Faults
from chartgen.facts.add import facts_of, read_files, read_model
from chartgen.facts.model import Checkpoint, ModelFacts
from chartgen.facts.read_config import FETCHED
from chartgen.facts.sources import MemorySource
from chartgen.spec.model import WHOLE_REPOSITORY
from tests.facts.made import Value, Weight, blocks, gguf, plain, safetensors
from tests.facts.samples import config, gguf_file, metadata


def model(files: dict[str, bytes], file: str | None = None) -> ModelFacts:
    source = MemorySource(files, repo="owner/name-GGUF")
    return facts_of(read_files(source, file), source)


def checkpoint(files: dict[str, bytes], file: str | None = None) -> Checkpoint:
    (found,) = model(files, file).checkpoints
    return found


def q4(name: str, rows: int) -> Weight:
    """Rows of 256 elements of Q4_K, 144 bytes each."""
    return Weight(name, (256, rows), 12, 144 * rows)


def test_a_layout_of_gguf() -> None:
    """35 layers of Gemma 4 E2B: tied, with tables for each layer that stay in host memory."""
    tensors = [plain("token_embd.weight", 100), plain("per_layer_token_embd.weight", 1000)]
    tensors += [q4(f"blk.{index}.ffn_up.weight", 2) for index in range(35)]
    tensors += [plain("output_norm.weight", 10), plain("rope_freqs.weight", 10)]
    found = checkpoint({"E2B-UD-Q4_K_XL.gguf": gguf(metadata("gemma-4-e2b"), tensors)})
    layout = found.layout
    assert layout
    assert (layout.token_embedding, layout.per_layer_embeddings, layout.output) == (400, 4000, 0)
    assert layout.blocks == (288,) * 35
    assert (layout.experts, layout.other) == ((), 80)
    assert layout.total == sum(one.size for one in tensors)
    assert found.on_gpu.value == found.on_gpu.low == layout.total - 4000
    assert found.on_gpu.high > found.on_gpu.value
    assert found.quantization == "UD-Q4_K_XL"


def test_an_untied_embedding_stays_in_host_memory() -> None:
    """The last block predicts further tokens; experts are told apart inside their blocks."""
    tensors = [plain("token_embd.weight", 100), plain("output.weight", 50)]
    tensors += blocks(40, "attn_norm.weight", "ffn_up_exps.weight", "ffn_up_shexp.weight")
    tensors += [plain("blk.40.nextn.eh_proj.weight", 7), plain("blk.40.ffn_up_exps.weight", 3)]
    found = checkpoint({"model.gguf": gguf(metadata("qwen3.6-35b-a3b"), tensors)})
    layout = found.layout
    assert layout
    assert (layout.output, layout.mtp) == (200, 40)
    assert (layout.blocks, layout.experts) == ((48,) * 40, (16,) * 40)
    assert found.on_gpu.value == layout.total - 400
    assert found.quantization == "not said"


def test_a_projector_is_part_of_a_model() -> None:
    values: dict[str, Value] = {
        "general.architecture": "clip",
        "clip.has_vision_encoder": True,
        "clip.vision.block_count": 27,
        "clip.vision.embedding_length": 1152,
        "clip.vision.feed_forward_length": 4304,
        "clip.vision.attention.head_count": 16,
        "clip.vision.patch_size": 16,
        "clip.vision.spatial_merge_size": 2,
    }
    tensors = [
        plain("v.blk.0.attn_q.weight", 4),
        plain("mm.0.weight", 2),
        plain("mm.a.fc.weight", 1),
    ]
    source = MemorySource({"mmproj-F16.gguf": gguf(values, tensors)})
    found = read_files(source, None)
    assert found.dimensions is None
    assert found.vision
    assert (found.vision.layers, found.vision.merge) == (27, 2)
    one = found.checkpoint
    assert one
    assert one.layout
    assert (one.part, one.quantization) == ("mmproj", "F16")
    assert (one.layout.vision, one.layout.audio, one.on_gpu.value) == (24, 4, 28)


def parts(count: int) -> dict[str, bytes]:
    """A model in several files; the first has the metadata, all have tensors."""
    tensors = [plain("token_embd.weight", 8), *blocks(28, "attn_q.weight")]
    shares = [tensors[index::count] for index in range(count)]
    first = metadata("qwen3-1.7b") | {"split.count": count, "split.tensors.count": len(tensors)}
    return {
        f"q8/model-Q8_0-{index + 1:05}-of-{count:05}.gguf": gguf(
            first if index == 0 else {"split.no": index, "split.count": count}, share
        )
        for index, share in enumerate(shares)
    }


def test_all_parts_of_a_split_model_are_read() -> None:
    files = parts(3)
    first = next(iter(files))
    found = checkpoint(files, first)
    assert found.file == first
    assert [file.path for file in found.files] == list(files)
    assert found.on_disk.value == sum(map(len, files.values()))
    assert found.layout
    assert found.layout.total == 29 * 16 + 16
    assert (found.size, found.sha256, found.quantization) == (None, None, "Q8_0")


def test_parts_that_do_not_go_together() -> None:
    files = parts(3)
    first, second, third = files
    with pytest.raises(Faults, match=r"a part of the model is missing.*00002"):
        checkpoint({first: files[first], third: files[third]}, first)
    with pytest.raises(Faults, match=r"a tensor stands in two of its parts|not as many"):
        checkpoint(files | {second: files[third]}, first)
    with pytest.raises(Faults, match="another number"):
        checkpoint({"whole.gguf": files[first]}, "whole.gguf")
    with pytest.raises(Faults, match=r"general\.architecture"):
        checkpoint({"x.gguf": gguf({}, [plain("x", 1)])})


def names(layers: int, *inner: str) -> list[str]:
    return [f"model.layers.{index}.{name}" for index in range(layers) for name in inner]


def repository(
    found: object, tensors: Sequence[str], kind: str = "BF16", shape: Sequence[int] = (4, 2)
) -> dict[str, bytes]:
    return {
        "config.json": json.dumps(found).encode(),
        "model.safetensors": safetensors(dict.fromkeys(tensors, (kind, shape))),
    }


def test_a_layout_of_safetensors() -> None:
    text = [
        name.replace("model.", "model.language_model.")
        for name in names(
            40,
            "self_attn.q_proj.weight",
            "mlp.experts.gate_up_proj",
            "mlp.shared_expert.up_proj.weight",
        )
    ]
    others = ["model.visual.blocks.0.attn.qkv.weight", "mtp.layers.0.mlp.experts.0.up_proj.weight"]
    others += ["mtp.fc.weight", "lm_head.weight", "model.language_model.norm.weight"]
    others += ["model.language_model.embed_tokens.weight"]
    found = checkpoint(repository(config("qwen3.6-35b-a3b"), text + others))
    layout = found.layout
    assert layout
    assert (layout.token_embedding, layout.output, layout.other) == (16, 16, 16)
    assert (layout.vision, layout.mtp) == (16, 32)
    assert (layout.blocks, layout.experts) == ((48,) * 40, (16,) * 40)
    assert found.on_gpu.value == layout.total - 32
    assert found.quantization == "BF16"


def test_what_a_model_that_hears_projects_is_sound() -> None:
    tensors = [f"language_model.{name}" for name in names(30, "self_attn.q_proj.weight")]
    tensors += ["language_model.model.embed_tokens.weight", "language_model.lm_head.weight"]
    tensors += ["audio_tower.layers.0.fc1.weight", "multi_modal_projector.linear_1.weight"]
    found = model(repository(config("voxtral-mini-3b"), tensors))
    assert found.tied is False
    layout = found.checkpoints[0].layout
    assert layout
    assert (layout.audio, layout.vision) == (32, 0)


def test_a_quantised_checkpoint_loads_less_than_its_files() -> None:
    packed = config("qwen3-8b") | {
        "quantization_config": {"quant_method": "compressed-tensors", "format": "pack-quantized"}
    }
    tensors = [*names(36, "self_attn.q_proj.weight_packed"), "lm_head.weight"]
    found = model(repository(packed, [*tensors, "model.embed_tokens.weight"], "I32", (100, 10)))
    one = found.checkpoints[0]
    assert one.quantization == "compressed-tensors, pack-quantized"
    assert one.layout
    assert one.on_gpu.high == one.layout.total
    assert one.on_gpu.low == round(0.93 * one.layout.total)
    assert one.on_gpu.uncertain
    assert found.parameters is None


def test_layers_of_prediction_that_the_configuration_omits() -> None:
    text = config("qwen3-next-80b-a3b")["text_config"]
    assert isinstance(text, dict)
    own = {key: found for key, found in text.items() if not key.startswith("mtp")}
    tensors = [*names(48, "mlp.experts.0.up_proj.weight"), "mtp.layers.0.mlp.gate.weight"]
    tensors += ["model.embed_tokens.weight", "lm_head.weight"]
    files = repository({"architectures": ["Qwen3NextForCausalLM"]} | own, tensors)
    assert model(files).mtp_layers == 1


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        (names(36, "q.weight"), "no token embedding"),
        ([*names(35, "q.weight"), "model.embed_tokens.weight"], "not all of the 36 layers"),
        ([*names(36, "q.weight"), "model.embed_tokens.weight"], "unties the output head"),
    ],
)
def test_tensors_that_contradict_the_configuration(tensors: list[str], told: str) -> None:
    with pytest.raises(Faults, match=told):
        model(repository(config("qwen3-8b"), tensors))


def test_an_index_that_contradicts_its_files() -> None:
    files = repository(config("qwen3-4b"), [*names(36, "q.weight"), "model.embed_tokens.weight"])
    index = {"weight_map": {"model.embed_tokens.weight": "model.safetensors", "x": "../../x"}}
    for weight_map, told in (
        (index, "no such file"),
        ({"weight_map": {"x": "model.safetensors"}}, "no file holds"),
    ):
        found = files | {"model.safetensors.index.json": json.dumps(weight_map).encode()}
        with pytest.raises(Faults, match=told):
            model(found)
    two = files["model.safetensors"]
    with pytest.raises(Faults, match="several safetensors files"):
        model({"config.json": files["config.json"], "a.safetensors": two, "b.safetensors": two})


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"README.md": b""}, "neither config.json nor a GGUF file"),
        ({"params.json": b"{}"}, "params.json is not read"),
        ({"one.gguf": b"", "two.gguf": b""}, "one.gguf, two.gguf.*--file"),
    ],
)
def test_a_source_of_which_nothing_is_clear(files: dict[str, bytes], told: str) -> None:
    with pytest.raises(Faults, match=told):
        model(files)


def test_a_device_fetches_what_a_checkpoint_lists() -> None:
    assert FETCHED == WHOLE_REPOSITORY


def test_a_folder_and_a_file_of_this_machine(tmp_path: Path) -> None:
    folder = tmp_path / "Qwen3-1.7B-GGUF"
    folder.mkdir()
    (folder / "model.gguf").write_bytes(gguf_file("qwen3-1.7b"))
    (folder / ".hidden").write_text("x")
    by_folder, by_file = read_model(str(folder)), read_model(str(folder / "model.gguf"))
    assert by_folder == by_file
    assert by_folder.name == "qwen3-1.7b"
    (found,) = by_folder.checkpoints
    assert found.repo == "local/Qwen3-1.7B-GGUF"
    assert found.unknown == ("commit", "SHA-256")
    with pytest.raises(Faults, match="there is no such file"):
        read_model(str(folder), "other.gguf")
    for reference in (str(tmp_path / "nothing"), ""):
        with pytest.raises(Faults, match="there is no such model"):
            read_model(reference)
    (folder / "config.json").write_text("{}")
    with pytest.raises(Faults, match="Name the folder that it lies in"):
        read_model(str(folder / "config.json"))


def test_dimensions_alone_are_read_without_weights() -> None:
    assert model({"config.json": json.dumps(config("qwen3-8b")).encode()}).checkpoints == ()


def test_a_projector_alone_is_no_model(tmp_path: Path) -> None:
    data = gguf({"general.architecture": "clip"}, [plain("v.patch_embd.weight", 8)])
    (tmp_path / "mmproj.gguf").write_bytes(data)
    with pytest.raises(Faults, match="a projector, not a model"):
        read_model(str(tmp_path))
