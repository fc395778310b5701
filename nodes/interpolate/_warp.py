"""Pictures moved by flow."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def warped(x: Tensor, flow: Tensor) -> Tensor:
    """Return ``x`` ``(N, C, H, W)`` looked up where ``flow`` ``(N, 2, H, W)`` points, in pixels.

    Flow is (across, down). Beyond the edge the edge goes on.
    """
    high, wide = x.shape[2:]
    across = torch.arange(wide, device=x.device, dtype=flow.dtype)
    down = torch.arange(high, device=x.device, dtype=flow.dtype)
    column = (flow[:, 0] + across) * (2 / wide) + (1 / wide - 1)
    row = (flow[:, 1] + down[:, None]) * (2 / high) + (1 / high - 1)
    grid = torch.stack([column, row], -1)
    return grid_sample(x.to(grid.dtype), grid, padding_mode="border", align_corners=False)
