"""
A uid that no other cage of this machine has.

Slot ``n`` asks for the first uid plus ``n``; two runs at once ask for the same. A shared uid would let the submissions
of one run signal those of the other, and let one zygote sweep away the other's processes, so each uid is claimed: by
the name of an abstract socket, which the kernel gives to one process at a time and takes back when that process ends,
however it ends. A uid that some process has already is passed over too.
"""

from __future__ import annotations

import dataclasses
import socket
from typing import Final

from autograder.cage.processes import uid_is_in_use
from autograder.cage.tiers import Plan
from autograder.errors import CageLost

__all__ = ["UidClaims"]

_RANGE: Final = 4096
"""As many slots as one machine can hold, several times over; the range stays below those of container tools."""


class UidClaims:
    """The uids that this process has claimed, until it ends."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def claim_for(self, plan: Plan) -> Plan:
        """
        Return ``plan`` with a uid of its own, from its uid upward; unchanged where it has none.

        Raises:
            CageLost: every uid of the range is taken.
        """
        if plan.uid is None:
            return plan
        for uid in range(plan.uid, plan.uid + _RANGE):
            name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                name.bind(f"\0autograder-uid-{uid}")
            except OSError:
                name.close()
                continue
            if uid_is_in_use(uid):
                name.close()
                continue
            self._held.append(name)
            return dataclasses.replace(plan, uid=uid)
        raise CageLost(f"uids {plan.uid} to {plan.uid + _RANGE - 1} are all taken")
