# SPDX-License-Identifier: MIT
"""Medians and quartiles: absolute figures of a noisy machine mean little, so every
result is a median with its spread, and every claim a ratio of medians of one run."""


def quantile(values, q):
    """Linear interpolation between the two nearest ranks."""
    ranked = sorted(values)
    position = (len(ranked) - 1) * q
    low = int(position)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (position - low)


def spread(values):
    return {"median": round(quantile(values, 0.5), 3), "p25": round(quantile(values, 0.25), 3),
            "p75": round(quantile(values, 0.75), 3)}


def result(scenario, params, impl, version, ops, ns_per_op):
    """One entry of the JSON; ns_per_op: one value a round."""
    return {"scenario": scenario, "params": params, "impl": impl, "version": version, "ops": ops,
            "rounds": len(ns_per_op), "ns_per_op": spread(ns_per_op)}
