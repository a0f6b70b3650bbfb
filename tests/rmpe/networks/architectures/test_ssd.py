"""The SSD networks of torchvision."""

import torch

from rmpe.networks.architectures import build_architecture


def with_random_weights(card):
    """The adaptor with random weights, but outputs of a trained network's size."""
    generator = torch.Generator().manual_seed(0)
    module = build_architecture(card.architecture)
    weights = {}
    for name, value in module.state_dict().items():
        if value.dim() > 1:
            spread = (2.0 / value[0].numel()) ** 0.5
            weights[name] = spread * torch.randn(value.shape, generator=generator)
        elif name.endswith(("running_var", "scale_weight")) or name.endswith("1.weight"):
            weights[name] = torch.ones(value.shape)
        else:
            weights[name] = torch.zeros(value.shape, dtype=value.dtype)
    module.load_state_dict(weights, assign=True)
    module.eval()
    noise = torch.rand(1, 3, *card.input.size, generator=generator) - 0.5
    head = module.head
    with torch.no_grad():
        boxes, logits = module(noise / card.input.std[0])
        for part, spread in ((head.regression_head, 0.5 / boxes.std()),
                             (head.classification_head, 2.5 / logits.std())):  # fmt: skip
            for weight in part.parameters():
                weight *= spread
    return module
