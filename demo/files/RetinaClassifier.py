"""A small convolutional network that classifies two kinds of retina scans."""

from __future__ import annotations

from typing import Any

from bitfount_api import BitfountModel


class RetinaClassifier(BitfountModel):
    """Three convolutions and a linear head, in PyTorch's style.

    PyTorch is imported when the network is built, so the class can be loaded without it.
    """

    def __init__(self, classes: int = 2, learning_rate: float = 1e-3) -> None:
        self.classes = classes
        self.learning_rate = learning_rate

    def create_model(self) -> Any:
        """Return the network, for images with three channels."""
        from torch import nn

        def block(inputs: int, outputs: int) -> list[Any]:
            convolution = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1)
            return [convolution, nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]

        layers = [*block(3, 16), *block(16, 32), *block(32, 64)]
        head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, self.classes)]
        return nn.Sequential(*layers, *head)

    def configure_optimizers(self, model: Any) -> Any:
        """Return the Adam optimizer for all weights of the network."""
        from torch import optim

        return optim.Adam(model.parameters(), lr=self.learning_rate)
