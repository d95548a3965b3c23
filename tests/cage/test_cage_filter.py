"""The system-call filter: read by an interpreter for both architectures, and tried by raw calls in the cage."""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator

import pytest

from autograder.cage import Tier, seccomp, syscalls
from tests.support.cages import ask, submission

ALLOW, REFUSE, KILL = "allow", "refuse", "kill"
ARCHES = ("x86_64", "aarch64")


def verdict(program: bytes, arch: int, number: int, *arguments: int) -> tuple[str, int]:
    """Run a filter over one call as the kernel does; return what it says and the error's number."""
    padded = [*arguments, *[0] * 6][:6]
    data = struct.pack("<IIQ6Q", number & 0xFFFF_FFFF, arch, 0, *(a & 0xFFFF_FFFF_FFFF_FFFF for a in padded))
    held, at = 0, 0
    steps = [struct.unpack_from("HBBI", program, offset) for offset in range(0, len(program), 8)]
    while True:
        code, if_true, if_false, operand = steps[at]
        at += 1
        match code:
            case seccomp._LOAD:
                held = struct.unpack_from("<I", data, operand)[0]
            case seccomp._EQUAL:
                at += if_true if held == operand else if_false
            case seccomp._AT_LEAST:
                at += if_true if held >= operand else if_false
            case seccomp._ANY_BIT:
                at += if_true if held & operand else if_false
            case seccomp._RETURN:
                action, error = operand & 0xFFFF_0000, operand & 0xFFFF
                return {seccomp._ALLOW: ALLOW, seccomp._ERRNO: REFUSE, seccomp._KILL: KILL}[action], error
            case _:
                raise AssertionError(f"no such instruction: {code:#x}")


@pytest.fixture(params=ARCHES)
def machine(request, monkeypatch) -> Iterator[str]:
    """Make the filter's compiler believe to be on an architecture."""
    monkeypatch.setattr(syscalls, "ARCH", request.param)
    return request.param


def compiled(*, pids: bool = False, metadata: bool = False, truncating: bool = False) -> bytes:
    """Return the filter with what the tiers turn on and off."""
    return seccomp.compile_filter(
        other_pids_are_visible=pids, metadata_is_shared=metadata, truncating_is_open=truncating
    )


def number_of(name: str) -> int:
    """Return a call's number on the architecture that the compiler believes in."""
    both = {**seccomp._NUMBERS, **seccomp._WITH_ARGUMENTS, **seccomp._METADATA, "read": (0, 63), "futex": (202, 98)}
    return both[name][seccomp._column()]


def judged(program: bytes, name: str, *arguments: int) -> str:
    """Return the verdict on a call of this architecture by name."""
    return verdict(program, seccomp._AUDIT_ARCH[syscalls.ARCH], number_of(name), *arguments)[0]


def test_the_filter_is_short_enough_for_the_kernel(machine):
    """No more than 4096 instructions, and every jump lands inside."""
    for options in ({}, {"pids": True, "metadata": True, "truncating": True}):
        program = compiled(**options)
        steps = [struct.unpack_from("HBBI", program, at) for at in range(0, len(program), 8)]
        assert len(steps) <= 4096
        assert steps[-1][0] == seccomp._RETURN
        for index, (code, if_true, if_false, _) in enumerate(steps):
            if code in (seccomp._EQUAL, seccomp._AT_LEAST, seccomp._ANY_BIT):
                assert index + 1 + max(if_true, if_false) < len(steps)


@pytest.mark.parametrize("name", sorted(seccomp._NUMBERS))
def test_each_refused_call_is_refused(machine, name):
    """Every call of the table fails with EPERM, whatever its arguments."""
    if number_of(name) is None:
        pytest.skip(f"{machine} has no {name}")
    for arguments in ((), (-1, -1, -1, -1, -1, -1)):
        found = verdict(compiled(), seccomp._AUDIT_ARCH[machine], number_of(name), *arguments)
        assert found == (REFUSE, errno.EPERM)


CASES = [
    ("read", (), ALLOW), ("futex", (), ALLOW),
    ("socket", (1, 1), ALLOW), ("socket", (2, 1), REFUSE), ("socket", (10, 2), REFUSE), ("socket", (16, 3), REFUSE),
    ("socket", (17, 3), REFUSE), ("socket", (40, 1), REFUSE), ("socket", (0x1_0000_0002, 1), REFUSE),
    ("socketpair", (1, 1), ALLOW), ("socketpair", (2, 1), REFUSE),
    ("clone", (0x11,), ALLOW), ("clone", (0x8011,), ALLOW), ("clone", (0x1000_0011,), REFUSE),
    ("clone", (0x2_0011,), REFUSE), ("clone", (0x2000_0000,), REFUSE), ("clone", (0x4000_0000,), REFUSE),
    ("clone3", (), REFUSE),
    ("prlimit64", (0, 7), ALLOW), ("prlimit64", (1, 7), REFUSE),
    ("sched_setaffinity", (0, 8), ALLOW), ("sched_setaffinity", (1, 8), REFUSE),
    ("personality", (0,), ALLOW), ("personality", (0xFFFF_FFFF,), ALLOW), ("personality", (0x40_0000,), REFUSE),
    ("ioctl", (0, 0x5401), ALLOW), ("ioctl", (0, 0x5412), REFUSE), ("ioctl", (0, 0xF_0000_5412), REFUSE),
    ("ioctl", (0, 0x8901), REFUSE),
    ("fcntl", (0, 1), ALLOW), ("fcntl", (0, 8, 1), REFUSE), ("fcntl", (0, 10, 9), REFUSE), ("fcntl", (0, 15), REFUSE),
    ("prctl", (38, 1), ALLOW), ("prctl", (15,), ALLOW), ("prctl", (4, 0), REFUSE),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "expected"), CASES)
def test_calls_are_judged_by_their_arguments(machine, name, arguments, expected):
    """What leads out is refused, what torch and the data loader need is allowed; high halves change nothing."""
    assert judged(compiled(), name, *arguments) == expected


@pytest.mark.parametrize("name", ["kill", "tkill", "tgkill"])
def test_signals_are_filtered_only_where_nothing_else_keeps_them_in(machine, name):
    """With its own processes only, a cage may signal; without, at most its own group."""
    assert judged(compiled(), name, 1, 9) == ALLOW
    assert judged(compiled(pids=True), name, 1, 9) == REFUSE
    assert judged(compiled(pids=True), "kill", 0, 9) == ALLOW
    assert judged(compiled(pids=True), "kill", -1, 9) == REFUSE


def test_metadata_is_left_alone_without_a_mount_namespace(machine):
    """Where files outside could be reached, calls that change modes and times succeed and do nothing."""
    for name in seccomp._METADATA:
        if number_of(name) is not None:
            assert judged(compiled(), name) == ALLOW
            found = verdict(compiled(metadata=True), seccomp._AUDIT_ARCH[machine], number_of(name))
            assert found == (REFUSE, 0)
    assert judged(compiled(), "truncate") == ALLOW
    assert judged(compiled(truncating=True), "truncate") == REFUSE


def test_other_architectures_are_killed(machine):
    """A call by another architecture's numbers, or by those of x32, ends the process."""
    own = seccomp._AUDIT_ARCH[machine]
    for arch in (0x4000_0003, 0x4000_0028, *(set(seccomp._AUDIT_ARCH.values()) - {own}), 0):
        assert verdict(compiled(), arch, 0)[0] == KILL
    for number in (0x4000_0000, 0x4000_0000 + 59, 0xFFFF_FFFF):
        assert verdict(compiled(), own, number)[0] == KILL


RAW = '''
import ctypes, errno, os, mmap
libc = ctypes.CDLL(None, use_errno=True)

def raw(number, *arguments):
    """Return 0 when the call succeeded, else the error's number."""
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    return 0 if result >= 0 else ctypes.get_errno()

def errors(calls):
    return [raw(number, *arguments) for number, arguments in calls]

def signal_grader(pid):
    found = []
    ways = ((62, (pid, 9)), (200, (pid, 9)), (234, (pid, pid, 9)), (129, (pid, 9, 0)), (424, (3, 9, 0, 0)))
    for number, arguments in ways:
        found.append(raw(number, *arguments))
    return found

def everybody():
    """Signal all that can be signalled but oneself: the zygote must not be among them."""
    return raw(62, -1, 18)

def machine_code(code):
    """Run some bytes as a function in a child; return its wait status."""
    pid = os.fork()
    if not pid:
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(code)
        ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
        os._exit(5)
    return os.waitpid(pid, 0)[1]

def pids_below(most):
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) < most)
'''

TRIED = {
    "socket AF_INET": (41, (2, 1, 0)), "socket AF_INET6": (41, (10, 1, 0)), "socket AF_NETLINK": (41, (16, 3, 0)),
    "socket AF_PACKET": (41, (17, 3, 0)), "socket AF_VSOCK": (41, (40, 1, 0)), "socket AF_ALG": (41, (38, 5, 0)),
    "io_uring_setup": (425, (1, 0)), "ptrace": (101, (16, 1, 0, 0)), "process_vm_readv": (310, (1, 0, 0, 0, 0, 0)),
    "unshare": (272, (0x1000_0000,)), "setns": (308, (0, 0)), "mount": (165, (0, 0, 0, 0, 0)),
    "clone NEWUSER": (56, (0x1000_0011, 0, 0, 0, 0)), "clone3": (435, (0, 0)), "keyctl": (250, (0, 0)),
    "bpf": (321, (0, 0, 0)), "userfaultfd": (323, (0,)), "perf_event_open": (298, (0, 0, 0, 0, 0)),
    "shmget": (29, (0, 4096, 0o1600)), "semget": (64, (0, 1, 0o1600)), "msgget": (68, (0, 0o1600)),
    "mq_open": (240, (0, 0, 0, 0)), "pidfd_open": (434, (1, 0)), "setpriority": (141, (0, 0, 5)),
    "execve": (59, (0, 0, 0)),
    "prlimit64": (302, (1, 7, 0, 0)), "setsid": (112, ()), "setpgid": (109, (0, 0)), "chroot": (161, (0,)),
    "memfd_create": (319, (0, 0)), "fcntl F_SETOWN": (72, (1, 8, 1)), "fcntl F_SETSIG": (72, (1, 10, 9)),
    "prctl PR_SET_DUMPABLE": (157, (4, 0, 0, 0, 0)), "name_to_handle_at": (303, (0, 0, 0, 0, 0)),
    "open_by_handle_at": (304, (0, 0, 0)), "kcmp": (312, (1, 1, 0, 0, 0)), "mknod": (133, (0, 0o10600, 0)),
}  # fmt: skip

only_x86 = pytest.mark.skipif(syscalls.ARCH != "x86_64", reason="the raw numbers are those of x86_64")


@pytest.fixture(scope="module")
def raw(cage):
    """A submission that makes raw system calls."""
    with submission(cage, RAW) as session:
        yield session


@only_x86
def test_raw_calls_are_refused(raw):
    """No refused call comes through by its number, in any tier."""
    found = dict(zip(TRIED, ask(raw, "errors", list(TRIED.values())), strict=True))
    expected = dict.fromkeys(TRIED, errno.EPERM)
    expected |= {name: errno.EAFNOSUPPORT for name in TRIED if name.startswith("socket ")}
    assert found == {**expected, "clone3": errno.ENOSYS}


@only_x86
def test_the_grader_cannot_be_signalled(raw, cage):
    """Neither this process nor the zygote is reached by any way to send a signal."""
    import os

    assert 0 not in ask(raw, "signal_grader", os.getpid())
    ask(raw, "everybody")
    assert ask(raw, "errors", [(39, ())]) == [0]


@only_x86
def test_other_instruction_sets_are_killed(raw):
    """``int 0x80`` and a number of x32 end the process with SIGSYS."""
    int80 = bytes.fromhex("b814000000cd80c3")  # mov eax, 20 (getpid); int 0x80; ret
    x32 = bytes.fromhex("b8270000400f05c3")  # mov eax, 0x40000027; syscall; ret
    for code in (int80, x32):
        status = ask(raw, "machine_code", code)
        assert status & 0x7F == 31, "the process was not ended by SIGSYS"


def test_only_a_process_namespace_shows_processes(raw, cage, kind):
    """In tiers A and B ``/proc`` shows the cage alone; in tier C none of it can be listed."""
    from autograder.errors import StudentError

    if kind.tier is Tier.C:
        with pytest.raises(StudentError, match="Permission"):
            ask(raw, "pids_below", 1 << 30)
    else:
        assert len(ask(raw, "pids_below", 1 << 30)) <= 4
