# SPDX-License-Identifier: MIT
"""The parts of bench/compare.py and bench/results_table.py."""
