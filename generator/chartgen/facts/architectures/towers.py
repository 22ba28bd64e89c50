"""The towers that see, as configurations and projector files describe them."""

from __future__ import annotations

import math

from chartgen.facts.headers.fields import Fields
from chartgen.facts.model import Vision

__all__ = ["clip_vision", "gemma3_vision", "gemma4_vision", "pixtral_vision", "qwen_vision"]


def qwen_vision(root: Fields) -> Vision | None:
    """The tower of Qwen3-VL and of Qwen 3.5 and later."""
    if not root.has("vision_config"):
        return None
    tower = root.inside("vision_config")
    return _vision(tower, "depth", "num_heads", tower.count("spatial_merge_size"))


def pixtral_vision(root: Fields) -> Vision | None:
    """Pixtral's tower in Mistral 3: an image fills at most its `image_size` square."""
    if not root.has("vision_config"):
        return None
    tower, merge = root.inside("vision_config"), root.count("spatial_merge_size", 2)
    side = -(-tower.count("image_size") // (tower.count("patch_size") * merge))
    return _vision(tower, "num_hidden_layers", "num_attention_heads", merge, side * side)


def gemma3_vision(root: Fields) -> Vision | None:
    """SigLIP in Gemma 3: an image becomes `mm_tokens_per_image` tokens, a square of them."""
    if not root.has("vision_config"):
        return None
    tower, tokens = root.inside("vision_config"), root.count("mm_tokens_per_image", 256)
    patches = tower.count("image_size") // tower.count("patch_size")
    merge = max(patches // math.isqrt(tokens), 1)
    return _vision(tower, "num_hidden_layers", "num_attention_heads", merge, tokens)


def gemma4_vision(root: Fields) -> Vision | None:
    """Gemma 4's tower; the unified model has none, its patches go straight to the layers."""
    if not root.has("vision_config"):
        return None
    tower = root.inside("vision_config")
    if not tower.has("num_hidden_layers"):
        return None
    merge = tower.count("pooling_kernel_size")
    return _vision(tower, "num_hidden_layers", "num_attention_heads", merge)


def _vision(
    tower: Fields, layers: str, heads: str, merge: int, max_tokens: int | None = None
) -> Vision:
    return Vision(
        hidden_size=tower.count("hidden_size"),
        intermediate_size=tower.count("intermediate_size"),
        layers=tower.count(layers),
        heads=tower.count(heads),
        patch_size=tower.count("patch_size"),
        merge=merge,
        max_tokens=max_tokens,
        source=tower.source,
    )


def clip_vision(fields: Fields) -> Vision | None:
    """The tower of a projector file (`general.architecture` clip), None without one.

    A projector that keeps no `spatial_merge_size` names its merge elsewhere or has a
    fixed one that only llama.cpp's source tells, so its tower is not described.
    """
    merges = fields.has("vision.spatial_merge_size|vision.projector.scale_factor")
    if not merges or not fields.has("vision.block_count"):
        return None
    return Vision(
        hidden_size=fields.count("vision.embedding_length"),
        intermediate_size=fields.count("vision.feed_forward_length"),
        layers=fields.count("vision.block_count"),
        heads=fields.count("vision.attention.head_count"),
        patch_size=fields.count("vision.patch_size"),
        merge=fields.count("vision.spatial_merge_size|vision.projector.scale_factor"),
        source=fields.source,
    )
