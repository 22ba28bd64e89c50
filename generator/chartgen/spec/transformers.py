"""What an author may say about a `transformers serve` server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from chartgen.spec.common import EnvVar, ExtraArg, Port, Tokens
from chartgen.spec.image import Image
from chartgen.spec.texts import CHECKED, Prose


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformers:
    """The server of the transformers library; fields bear the names of its flags.

    `context_length`, `max_num_seqs` and `images_per_prompt` are promises for the plan:
    the cache grows with the requests, the server does not bound them. With continuous
    batching the blocks of the cache are set from the first two. `image_tokens` is the
    budget of one image for models that let it be chosen.
    """

    __pydantic_config__ = CHECKED

    kind: Literal["transformers"] = "transformers"
    image: Image
    context_length: Tokens
    max_num_seqs: Annotated[int, Field(ge=1, le=256, description="1 to 256 requests at once")] = 1
    quantization: Literal["bnb-4bit", "bnb-8bit"] | None = None
    dtype: Literal["auto", "bfloat16", "float16"] = "auto"
    attn_implementation: Literal["sdpa", "eager", "flash_attention_2"] = "sdpa"
    continuous_batching: bool = False
    images_per_prompt: Annotated[
        int, Field(ge=0, le=64, description="images that one prompt may hold; 0 plans without")
    ] = 0
    image_tokens: Tokens | None = None
    trust_remote_code_because: Prose | None = None
    port: Port = 8000
    env: tuple[EnvVar, ...] = ()
    extra_args: tuple[ExtraArg, ...] = ()

    @property
    def full_slots(self) -> int:
        """Requests that can run at full context at once, if the memory is there."""
        return self.max_num_seqs
