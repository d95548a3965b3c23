"""
Training of a captioning model.

    minibatch of captions and features -> model.loss -> loss, gradients -> update rule -> parameters, and again

The solver knows nothing of the model's inside: it sees a dict of parameters and a loss with a gradient for each of
them. So the same solver trains a vanilla RNN and an LSTM.
"""

import numpy as np

from . import optim
from .coco_utils import sample_coco_minibatch

__all__ = ["CaptioningSolver"]


class CaptioningSolver:
    """
    Train a captioning model by an update rule of ``optim``.

        solver = CaptioningSolver(model, data, update_rule="adam", optim_config={"learning_rate": 1e-3})
        solver.train()
        plt.plot(solver.loss_history)

    A model has
        params: Dict of its parameters, float arrays by name; the solver replaces them as it goes.
        loss(features, captions): Loss of a minibatch, and a dict with the gradient of every parameter.

    Args:
        model: What to train.
        data: Dict as load_coco_data returns it; minibatches come from its training captions.
        update_rule: Name of a function in optim.
        optim_config: Settings of the update rule, a dict; what is not in it has the rule's default.
        lr_decay: What the learning rate is multiplied by after each epoch.
        batch_size: Captions in a minibatch.
        num_epochs: Epochs that one call of train() takes.
        print_every: Iterations from one printed loss to the next.
        verbose: Print losses at all.
        rng: Where minibatches are drawn from, a np.random.Generator; NumPy's global one unless given.

    Attributes:
        epoch: Epochs finished so far.
        loss_history: Loss of the minibatch at each iteration so far, before its step.
        optim_configs: The config of each parameter, by name.
    """

    def __init__(
        self,
        model,
        data,
        *,
        update_rule="sgd",
        optim_config=None,
        lr_decay=1.0,
        batch_size=100,
        num_epochs=10,
        print_every=10,
        verbose=True,
        rng=np.random,
        **unknown,
    ):
        if unknown:
            known = ", ".join(CaptioningSolver.__init__.__kwdefaults__)
            raise TypeError(f"CaptioningSolver takes model, data, {known}; it was also given {', '.join(unknown)}")
        if update_rule not in optim.__all__:
            raise ValueError(f"update_rule must be one of {', '.join(optim.__all__)}; it is {update_rule!r}")
        for name, number in [("batch_size", batch_size), ("print_every", print_every)]:
            if number < 1:
                raise ValueError(f"{name} must be at least 1; it is {number}")

        self.model = model
        self.data = data
        self.update_rule = getattr(optim, update_rule)
        self.lr_decay = lr_decay
        self.batch_size = batch_size
        self.num_epochs = num_epochs
        self.print_every = print_every
        self.verbose = verbose
        self.rng = rng

        self.epoch = 0
        self.loss_history = []
        self.optim_configs = {name: dict(optim_config or {}) for name in model.params}

    def train(self):
        """Train for num_epochs epochs. Called again, go on from where the last call ended."""
        iterations_per_epoch = max(len(self.data["train_captions"]) // self.batch_size, 1)
        num_iterations = self.num_epochs * iterations_per_epoch
        for t in range(num_iterations):
            self._step()
            if self.verbose and t % self.print_every == 0:
                print(f"(Iteration {t + 1} / {num_iterations}) loss: {self.loss_history[-1]:.6f}")
            if (t + 1) % iterations_per_epoch == 0:
                self._end_epoch()

    def _step(self):
        """Draw a minibatch, note its loss, and move every parameter once."""
        captions, features, _ = sample_coco_minibatch(self.data, self.batch_size, split="train", rng=self.rng)
        loss, grads = self.model.loss(features, captions)
        missing = [name for name in self.model.params if name not in grads]
        if missing:
            raise ValueError(f"model.loss must return a gradient of every parameter; it has none of {missing}")

        self.loss_history.append(float(loss))
        for name, w in self.model.params.items():
            try:
                next_w, config = self.update_rule(w, grads[name], self.optim_configs[name])
            except (TypeError, ValueError) as error:
                raise ValueError(f"cannot update {name}: {error}") from error
            self.model.params[name] = next_w
            self.optim_configs[name] = config

    def _end_epoch(self):
        """Count an epoch, and let the learning rate of every parameter decay."""
        self.epoch += 1
        for config in self.optim_configs.values():
            config["learning_rate"] *= self.lr_decay
