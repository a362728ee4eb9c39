"""`kill -9` at random moments: while it opens, works, imports, checkpoints or backs up."""

from __future__ import annotations

from tests.torture.processes import PATIENCE, run_for
from tests.torture.scene import Scene

MEAN = 0.4  # seconds from where a process has opened the store to its end
OPENING = 0.1  # of a second, and the share of kills within it
VERIFIED = 25  # kills between two looks at everything


def torture(scene: Scene, kills: int) -> None:
    """Kill the processes of the load so often, and compare after each time."""
    done = before = 0
    while done < kills:
        processes = scene.start()
        if scene.random.random() < OPENING:
            run_for(processes, scene.random.uniform(0, OPENING))
        else:
            run_for(processes, PATIENCE, until="open")
            run_for(processes, scene.random.expovariate(1 / MEAN))
        for process in processes:
            process.kill()
            scene.ledger.said["killed while it opened"] += not process.has_told("open")
            if process.has_ended_by_itself:
                scene.ledger.findings.append(f"after kill {done}: a process ended by itself")
        done += len(processes)
        scene.settle(processes, f"after kill {done}")
        if done // VERIFIED > before // VERIFIED or done >= kills:
            scene.verify(f"after kill {done}")
        before = done
    scene.ledger.said["kills"] += done
