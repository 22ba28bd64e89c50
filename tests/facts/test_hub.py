"""Models on a hub, over real HTTP on loopback: ranges, pages, tokens, misbehaviour."""

from __future__ import annotations

import hashlib
import json

import pytest

from chartgen.errors import Faults
from chartgen.facts.add import open_source, read_model
from chartgen.facts.headers.window import FIRST_BLOCK
from chartgen.facts.http import Http
from chartgen.facts.hub import Hub, hub_of
from tests.facts.made import blocks, gguf, plain, safetensors
from tests.facts.samples import config, gguf_file, metadata
from tests.facts.server import COMMIT, REPO, LoopbackHub

SMALL = {"model-Q4_K_M.gguf": gguf_file("qwen3-1.7b"), "README.md": b"# A model"}


def read(hub: LoopbackHub, reference: str = f"hf:{REPO}", file: str | None = None) -> str:
    found = read_model(reference, file, environ=hub.environ)
    return found.checkpoints[0].revision or ""


def test_a_model_on_a_hub_is_pinned_to_a_commit() -> None:
    with LoopbackHub(SMALL) as hub:
        model = read_model(f"hf:{REPO}@v1.0", environ=hub.environ)
    (checkpoint,) = model.checkpoints
    content = SMALL["model-Q4_K_M.gguf"]
    assert (checkpoint.repo, checkpoint.file) == (REPO, "model-Q4_K_M.gguf")
    assert checkpoint.revision == COMMIT
    assert checkpoint.sha256 == hashlib.sha256(content).hexdigest()
    assert checkpoint.size == len(content)
    assert checkpoint.quantization == "Q4_K_M"
    assert checkpoint.unknown == ()
    assert checkpoint.on_gpu.source.startswith("tensors in the header of")
    assert COMMIT in model.hidden_size.source


def large(elements: int) -> bytes:
    """A GGUF file whose embedding has so many elements of 4 bytes."""
    head = plain("token_embd.weight", elements)
    return gguf(metadata("qwen3-1.7b"), [head, *blocks(28, "attn_q.weight")])


def test_weights_are_never_downloaded() -> None:
    with LoopbackHub({"model.gguf": large(1 << 22)}) as hub:
        assert read(hub) == COMMIT
        spans = [headers["Range"] for path, headers in hub.asked if "/resolve/" in path]
    assert spans == [f"bytes=0-{FIRST_BLOCK - 1}"]


def test_a_server_without_ranges_is_cut_off() -> None:
    content = large(1 << 24)
    with LoopbackHub({"model.gguf": content}, ranges=False) as hub:
        assert read(hub)
        assert hub.sent < len(content) // 2


def test_a_long_header_from_a_server_without_ranges() -> None:
    words: list[str] = ["token"] * 100_000
    data = gguf(
        metadata("qwen3-1.7b") | {"tokenizer.ggml.tokens": words},
        [plain("token_embd.weight", 8), *blocks(28, "attn_q.weight")],
    )
    assert len(data) > 2 * FIRST_BLOCK
    with LoopbackHub({"model.gguf": data}, ranges=False) as hub:
        assert read(hub)


def test_all_pages_of_a_listing_are_read() -> None:
    files = SMALL | {f"extra-{number:03}.txt": b"x" for number in range(25)}
    with LoopbackHub(files, page=4) as hub:
        source, _ = open_source(f"hf:{REPO}", None, environ=hub.environ)
    assert set(source.files) == set(files)


def test_a_whole_repository_of_several_files() -> None:
    names = ["model.embed_tokens.weight", "lm_head.weight"]
    names += [f"model.layers.{index}.self_attn.q_proj.weight" for index in range(28)]
    found = config("qwen3-14b") | {"num_hidden_layers": 28}
    one = dict.fromkeys(names[:10], ("BF16", (4, 2)))
    two = dict.fromkeys(names[10:], ("BF16", (4, 2)))
    index = {name: f"model-0000{1 if name in one else 2}-of-00002.safetensors" for name in names}
    files = {
        "config.json": json.dumps(found).encode(),
        "model.safetensors.index.json": json.dumps({"weight_map": index}).encode(),
        "model-00001-of-00002.safetensors": safetensors(one),
        "model-00002-of-00002.safetensors": safetensors(two),
        "original/picture.png": b"png",
    }
    with LoopbackHub(files) as hub:
        model = read_model(f"hf:{REPO}", environ=hub.environ)
    (checkpoint,) = model.checkpoints
    assert checkpoint.file is None
    assert [file.path for file in checkpoint.files] == sorted(set(files) - {"original/picture.png"})
    assert checkpoint.layout
    assert checkpoint.layout.total == 30 * 16
    assert checkpoint.on_disk.value == sum(file.size for file in checkpoint.files)
    assert checkpoint.on_gpu.low < checkpoint.on_gpu.value == 480 < checkpoint.on_gpu.high
    assert model.parameters
    assert model.parameters.value == 30 * 8


def test_the_token_stays_with_its_own_host() -> None:
    with LoopbackHub(SMALL) as other, LoopbackHub(SMALL, elsewhere=other.address) as hub:
        assert read(hub) == COMMIT
        assert all(headers["Authorization"] == "Bearer hf_secret" for _, headers in hub.asked)
        assert other.asked
        assert all("Authorization" not in headers for _, headers in other.asked)


def test_a_listing_that_leads_to_another_host_is_refused() -> None:
    with LoopbackHub(SMALL) as other, LoopbackHub(SMALL, page=1, next_host=other.address) as hub:
        with pytest.raises(Faults, match="another host"):
            read(hub)
        assert other.asked == []


def test_the_token_is_in_no_message_and_no_repr() -> None:
    with LoopbackHub(SMALL, refuse=[401]) as hub:
        with pytest.raises(Faults, match="a token was sent") as refused:
            read(hub)
        assert "hf_secret" not in str(refused.value)
        assert "hf_secret" not in repr(hub_of(hub.environ))


@pytest.mark.parametrize(
    ("status", "told"), [(403, "licence"), (404, "the revision"), (410, "410")]
)
def test_a_refusal(status: int, told: str) -> None:
    with LoopbackHub(SMALL, refuse=[status]) as hub, pytest.raises(Faults, match=told):
        read(hub)
    assert len(hub.asked) == 1


def test_trouble_that_passes_is_waited_for() -> None:
    slept: list[float] = []
    with LoopbackHub(SMALL, refuse=[503, 429]) as hub:
        patient = Hub(hub.address, "", Http(), slept.append)
        assert patient.open(REPO, "main").revision == COMMIT
    assert slept == [2.0, 4.0]


def test_trouble_that_stays_is_told() -> None:
    with LoopbackHub(SMALL, refuse=[500] * 9) as hub:
        hasty = Hub(hub.address, "", Http(), lambda _: None)
        with pytest.raises(Faults, match="500"):
            hasty.open(REPO, "main")
    nobody = Hub(hub.address, "", Http(timeout=1), lambda _: None)
    with pytest.raises(Faults, match="no answer"):
        nobody.open(REPO, "main")


@pytest.mark.parametrize("address", ["ftp://hub", "hub", "http://user:pass@hub"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(Faults, match="no address of a hub"):
        hub_of({"HF_ENDPOINT": address})


@pytest.mark.parametrize("reference", ["hf:name", "hf:a/b/c", "hf:../../etc", "hf:a/b@"])
def test_a_reference_that_is_none(reference: str) -> None:
    with pytest.raises(Faults, match="no repository of a hub"):
        read_model(reference, environ={})


def test_an_unknown_revision() -> None:
    with LoopbackHub(SMALL) as hub, pytest.raises(Faults, match="404"):
        read(hub, f"hf:{REPO}@v9")


def test_a_redirect_without_end() -> None:
    with LoopbackHub(SMALL) as hub:
        hub.elsewhere = f"{hub.address}/x/resolve/y"
        with pytest.raises(Faults, match="redirected more than 8 times"):
            read(hub)
