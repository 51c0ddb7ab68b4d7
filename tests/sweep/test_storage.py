"""Storage in a real PostgreSQL: a race condition at the start, and addresses that fail."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import optuna
import pytest

from mnistcli.errors import ConfigError, SweepError
from mnistcli.sweep.search_space import SearchSpace
from mnistcli.sweep.storage import Storage, require_storage
from mnistcli.sweep.study import SweepPlan, SweepStudy
from tests.support.postgresql import postgresql
from tests.support.program import FORK_SERVER


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgresql() as url:
        yield url


def _plan(url: str) -> SweepPlan:
    space = SearchSpace.parse(None, {"dataset": "digits"}, ["dropout=0..0.5"])
    return SweepPlan(Storage(Path(), url), "shared", space, 3)


def _claim_one(plan: SweepPlan) -> None:
    """Claim and finish one trial, as `run_trial` does, without training."""
    study = SweepStudy.open(plan)
    with ExitStack() as claim:
        assert claim.enter_context(study.claim())

        def objective(trial: optuna.Trial) -> float:
            value: float = plan.space.suggest(trial)["dropout"]
            claim.close()
            return value

        study.optimize_one(objective)
    study.close()


def test_processes_that_start_at_once_on_an_empty_database_claim_different_trials(
    database: str,
) -> None:
    processes = [FORK_SERVER.Process(target=_claim_one, args=[_plan(database)]) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    study = SweepStudy.open(_plan(database))
    trials = study.summaries()
    assert [process.exitcode for process in processes] == [0] * 3
    assert [trial.number for trial in trials] == [0, 1, 2]
    assert {trial.state for trial in trials} == {"complete"}
    assert study.is_done()
    study.close()


def test_a_database_that_nobody_serves_is_an_error() -> None:
    url = "postgresql+psycopg://test@127.0.0.1:1/postgres"

    with pytest.raises(SweepError, match=r"the storage failed: .*127\.0\.0\.1"):
        SweepStudy.open(_plan(url))
    with pytest.raises(SweepError, match=r"the storage failed: .*127\.0\.0\.1") as caught:
        require_storage(url)

    assert "\n" not in caught.value.message


def test_an_invalid_port_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"--storage is not a valid address: .*'1x'"):
        require_storage("postgresql://user@host:1x/database")


@pytest.mark.parametrize("url", ["sqlite:///a.db", "mysql://host/a", "a.db"])
def test_databases_that_lose_trials_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="--storage must be a PostgreSQL address"):
        require_storage(url)
