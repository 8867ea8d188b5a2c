# SPDX-License-Identifier: LGPL-2.1-or-later
"""A scenario that fails is run once more, with all fixtures, and so its guest, made again.

A scenario that passes then is flaky: it is counted and shown with the messages and logs of its
first try, and a run passes with at most FLAKY_MAX of them.
"""

import pytest
from _pytest.runner import runtestprotocol

FLAKY_MAX = 2  # a run
FAILED = pytest.StashKey[bool]()  # of an item: it has failed in this try
AGAIN = pytest.StashKey[bool]()  # of an item: this is its second try


def protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a scenario, for pytest_runtest_protocol(); after a failure all fixtures are new."""
    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    item.stash[AGAIN] = False
    reports = _run(item, nextitem)
    if failure := _failure(reports):
        item.stash[AGAIN] = True
        for former in _told_before(item):
            _run(former, item)
        reports = _run(item, nextitem)
        if not _failure(reports):
            reports[-1].user_properties.append(("flaky", failure))
    for report in reports:
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _run(item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
    """Run a scenario; where it fails, or each is to have a guest of its own, all fixtures end."""
    item.stash[FAILED] = False
    alone = item.config.getoption("fresh") and not _is_told_in_order(item)
    reports = runtestprotocol(item, log=False, nextitem=None if alone else nextitem)
    if _failure(reports):
        item.session._setupstate.teardown_exact(None)
    return reports


def _failure(reports: list[pytest.TestReport]) -> str:
    """Return the words of the first report of a failure, nothing without one."""
    for report in reports:
        if report.failed:
            logs = [text for name, text in report.sections if name == "guest"]
            return "\n".join([f"{report.when}: {report.longreprtext}", *logs])
    return ""


def _is_told_in_order(item: pytest.Item) -> bool:
    return item.get_closest_marker("in_order") is not None


def _told_before(item: pytest.Item) -> list[pytest.Item]:
    """Return the scenarios that a fresh guest has to go through first: see the mark `in_order`."""
    if not _is_told_in_order(item):
        return []
    told = [one for one in item.session.items if one.path == item.path and _is_told_in_order(one)]
    before = told[: told.index(item)]
    return [one for one in before if _parameters(one) == _parameters(item)]


def _parameters(item: pytest.Item) -> dict[str, object]:
    """Return the parameters that are a whole session's, such as the release."""
    callspec = getattr(item, "callspec", None)
    return {"release": callspec.params.get("release")} if callspec else {}


# --- in the main process ------------------------------------------------------------


def first_failure(report: object) -> str:
    """Return with what words a scenario failed that has passed since; nothing for any other."""
    return str(dict(getattr(report, "user_properties", ())).get("flaky", ""))


def teststatus(report: object) -> tuple[str, str, str] | None:
    """Count a flaky scenario as one, for pytest_report_teststatus()."""
    return ("flaky", "r", "FLAKY") if first_failure(report) else None


def finish(session: pytest.Session) -> None:
    """Let a run fail that has seen too many flaky scenarios, for pytest_sessionfinish()."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and len(reporter.stats.get("flaky", ())) > FLAKY_MAX:
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
