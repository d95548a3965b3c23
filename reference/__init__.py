"""
The textbook: what every function of the assignments must compute, one topic a file.

Each function is its lecture's equation, in PyTorch and float64, in the fewest lines that stay readable. Backward passes
are not written down anywhere: ``autodiff.gradients`` asks autograd for them, so that the oracle shares no formula, and
no mistake, with the solution that it judges.

Nothing here imports anything of the framework, and nothing that students run can reach it.
"""
