"""32 submissions of pa4_convnet at full profile on one GPU: this grader against nbgrader on the same GPU.

.venv/bin/python benchmarks/gpu.py --keep /tmp/gpu   # needs a CUDA device; exit status 3 where there is none
"""

from __future__ import annotations

import sys

import full
import measure

AIM = 50


def main() -> int:
    parser = full.options(__doc__)
    parser.add_argument("--submissions", type=int, default=32)
    parser.add_argument("--jobs", type=int, default=8, help="submissions that share the GPU")
    chosen = parser.parse_args()
    if measure.gpu() is None:
        print("no GPU: torch finds no CUDA device on this machine, so there is nothing to measure here")
        return 3
    chosen.device = "cuda"
    found = full.compare("gpu" if not (chosen.epochs or chosen.images) else "gpu-trial", chosen, (1, chosen.jobs))
    print(f"throughput {found['throughput_ratio']} times nbgrader's (aim {AIM}), verdicts equal: {found['verdicts_equal']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
