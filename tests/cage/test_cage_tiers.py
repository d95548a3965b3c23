"""Which cage a machine gets: the one asked for or a refusal that says what to do, never another one in silence."""

from __future__ import annotations

import os

import pytest

from autograder.cage import CageSettings, Layer, Tier, choose, landlock
from autograder.errors import ConfigError, NotFit
from tests.support.cages import KINDS, SETGID, SETUID, SYS_ADMIN, Kind, ask, slot, submission, why_not
from tests.support.closed_home import PLAIN_UID, open_to_all

ABIS = (0, 1, 3, landlock.NEWEST_ABI)

PROBE = """
    import os
    def f():
        return os.getpid() > 0
    def opens(path):
        try:
            with open(path, "rb") as file:
                return len(file.read(10))
        except OSError as error:
            return -error.errno
    def writes(path):
        try:
            os.close(os.open(path, os.O_WRONLY))
            return 0
        except OSError as error:
            return error.errno
    def truncates(path):
        try:
            os.truncate(path, 0)
            return 0
        except OSError as error:
            return error.errno
    def status():
        with open("/proc/self/status") as file:
            return file.read()
"""


def nursery_of(host, kind):
    """Return a nursery, or skip with the reason."""
    if reason := why_not(kind):
        pytest.skip(reason)
    return host.nursery(kind)


@pytest.mark.parametrize("abi", ABIS)
@pytest.mark.parametrize("name", KINDS)
def test_each_tier_on_each_landlock(host, name, abi, tmp_path):
    """The tier that is asked for is in force with the Landlock that there is, and holds; without enough it refuses."""
    kind = KINDS[name].with_settings(landlock_abi=abi)
    if name == "C as a user" and abi == 0:
        with pytest.raises(NotFit, match="Landlock"):
            nursery_of(host, kind)
        return
    mine = tmp_path / "mine"
    mine.write_text("an answer")
    open_to_all(tmp_path)
    for path in (mine, *list(mine.parents)[:2]):
        os.chown(path, kind.uid, kind.uid) if os.geteuid() == 0 else None
        path.chmod(0o700)
    with nursery_of(host, kind) as nursery, slot(nursery) as cage, submission(cage, PROBE) as session:
        assert nursery.plan.tier is kind.tier
        assert nursery.plan.landlock_abi == min(abi, landlock.kernel_abi())
        assert ask(session, "f") is True
        for path in (str(mine), "/etc/shadow", "/proc/1/environ", "/proc/1/mem"):
            assert ask(session, "opens", path) < 0, path
        assert ask(session, "writes", "/proc/sys/kernel/core_pattern") != 0
        assert ask(session, "truncates", str(mine)) != 0
    assert mine.read_text() == "an answer"


def test_landlock_settings_are_checked():
    """An ABI that nobody knows is an error of the settings."""
    with pytest.raises(ConfigError, match="landlock_abi"):
        CageSettings(landlock_abi=99)


def test_root_without_namespaces_comes_to_tier_c(host):
    """Where root may not make namespaces, as in a default container, the best that is left is tier C."""
    kind = Kind(None, without=(SYS_ADMIN,))
    with nursery_of(host, kind) as nursery, slot(nursery) as cage, submission(cage, PROBE) as session:
        assert nursery.plan.tier is Tier.C
        assert nursery.plan.uid is not None
        assert ask(session, "f") is True


def test_tier_a_is_not_replaced(host):
    """Asked for tier A, root without namespaces refuses, though tier C could be had."""
    with pytest.raises(NotFit, match="tier A.*namespaces as root.*Nothing was graded"):
        nursery_of(host, Kind(Tier.A, without=(SYS_ADMIN,)))


def test_tier_a_needs_root(host):
    """Asked for tier A, a plain user is refused, though tier B could be had."""
    with pytest.raises(NotFit, match="needs root"):
        nursery_of(host, Kind(Tier.A, PLAIN_UID))


@pytest.mark.parametrize("tier", [None, Tier.A, Tier.C])
def test_root_that_cannot_change_its_uid_refuses(host, tier):
    """Without SETUID and SETGID root would stay root in the cage: refused, with what to give the container."""
    with pytest.raises(NotFit, match="own uid.*SETUID and SETGID"):
        nursery_of(host, Kind(tier, without=(SETUID, SETGID)))


@pytest.mark.parametrize("name", KINDS)
def test_no_tier_holds_without_the_filter(host, name):
    """Without a system-call filter nothing is graded."""
    kind = Kind(KINDS[name].tier, KINDS[name].uid, no_filter=True)
    with pytest.raises(NotFit, match="seccomp"):
        nursery_of(host, kind)


def test_an_own_uid_that_is_turned_off_refuses(host):
    """Root in tier C without another uid refuses."""
    with pytest.raises(NotFit, match="own uid"):
        nursery_of(host, KINDS["C as root"].with_settings(use_uid=False))


@pytest.mark.parametrize(("mode", "holds"), [(0o700, True), (0o755, False), (0o711, False), (0o722, False)])
def test_without_landlock_hidden_paths_must_be_closed(host, tmp_path, mode, holds):
    """Tier C with another uid but no Landlock: only when no hidden path is open to that uid; else it is named."""
    course = tmp_path / "course"
    course.mkdir()
    open_to_all(course.parent)
    for parent in list(course.parents)[2:-1]:
        if not parent.stat().st_mode & 1:
            pytest.skip(f"{parent} is closed to others, so nothing below it is open")
    course.chmod(mode)
    kind = KINDS["C as root"].with_settings(landlock_abi=0, hidden=(str(course),))
    if holds:
        with nursery_of(host, kind) as nursery:
            assert nursery.plan.tier is Tier.C
    else:
        with pytest.raises(NotFit, match=f"{course}.*chmod o-rwx"):
            nursery_of(host, kind)


def test_with_landlock_open_paths_are_no_matter(host, tmp_path):
    """Where Landlock is in force, what everybody may read need not be closed."""
    with nursery_of(host, KINDS["C as root"].with_settings(hidden=("/etc/passwd",))) as nursery:
        assert nursery.plan.tier is Tier.C


def test_control_groups_can_be_done_without(host):
    """Tier A without control groups watches memory itself."""
    from autograder.cage import Limits
    from autograder.errors import LimitExceeded

    text = """
        import time
        def hog():
            held = b"x" * (500 << 20)
            time.sleep(30)
    """
    kind = KINDS["A"].with_settings(use_cgroup=False)
    with nursery_of(host, kind) as nursery, slot(nursery) as cage, submission(cage, text) as session:
        assert not next(layer for layer in nursery.plan.layers if layer.name == "control groups").in_force
        with pytest.raises(LimitExceeded) as caught:
            ask(session, "hog", limits=Limits(memory_mib=200))
        assert caught.value.limit == "memory_mib"


def test_nothing_of_roots_is_left_inside(host, kind, cage):
    """A caged process has no capability, no way to gain one, and is no root of the machine's."""
    with submission(cage, PROBE) as session:
        if kind.tier is Tier.C:
            return  # ``/proc/self`` is not in its view
        lines = dict(line.split(":\t", 1) for line in ask(session, "status").splitlines() if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(lines[name], 16) == 0
    assert lines["NoNewPrivs"] == "1"
    assert lines["Seccomp"] == "2"
    if kind.tier is Tier.A:
        (uid,) = set(map(int, lines["Uid"].split()))
        assert uid >= CageSettings().first_uid


def layers(**changes: bool) -> tuple[Layer, ...]:
    """Return the layers of a machine where everything holds but ``changes``."""
    names = ("namespaces as root", "namespaces as a user", "own uid", "Python open to the uid", "Landlock", "seccomp",
             "control groups", "hidden files closed to the uid", "no daemon socket")  # fmt: skip
    held = dict.fromkeys(names, True) | {name.replace("_", " "): value for name, value in changes.items()}
    return tuple(Layer(name, holds, "ABI 7" if name == "Landlock" else "x", "do y") for name, holds in held.items())


def test_the_best_tier_is_taken(monkeypatch):
    """A before C for root, B before C for others, and a refusal names the layer and the remedy."""
    settings = CageSettings()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert choose(settings, 3, layers()).tier is Tier.A
    assert choose(settings, 3, layers()).uid == settings.first_uid + 3
    assert choose(settings, 0, layers(**{"namespaces as root": False})).tier is Tier.C
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    plain = {"namespaces as root": False, "own uid": False}
    assert choose(settings, 0, layers(**plain)).tier is Tier.B
    assert choose(settings, 0, layers(**plain)).uid is None
    plain["namespaces as a user"] = False
    assert choose(settings, 0, layers(**plain)).tier is Tier.C
    with pytest.raises(NotFit, match=r"no daemon socket: x \(do y\)"):
        choose(settings, 0, layers(**plain, **{"no daemon socket": False}))
