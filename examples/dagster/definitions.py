"""A Psyberg project in Dagster: an asset a table that a process writes.

Assets, with what each is made from, come from `psyberg plan --json`, which writes nothing. Set
PSYBERG_PROJECT to the project's folder, and PSYBERG to the command where it is not on the path.
"""

import json
import os
import subprocess

import dagster as dg

PSYBERG = os.environ.get("PSYBERG", "psyberg")
PROJECT = os.environ.get("PSYBERG_PROJECT", ".")


def psyberg(*words: str) -> dict:
    """Runs a command and returns its JSON: also of one that failed, whose error is in it."""
    done = subprocess.run(
        [PSYBERG, *words, "--project", PROJECT, "--json"], stdout=subprocess.PIPE, check=False
    )
    found = json.loads(done.stdout)
    if "error" in found:
        raise failure(found["error"])
    return found


def failure(error: dict) -> dg.Failure:
    hint = "" if error["hint"] is None else f"\nhint: {error['hint']}"
    return dg.Failure(f"{error['message']}{hint}", allow_retries=error["retryable"])


def asset_of(plan: dict) -> dg.AssetsDefinition:
    process = plan["process_name"]

    @dg.asset(
        key=dg.AssetKey(plan["target"]["table"].split(".")),
        deps=[dg.AssetKey(source["table"].split(".")) for source in plan["sources"]],
        group_name="psyberg",
        kinds={"iceberg", "duckdb"},
        retry_policy=dg.RetryPolicy(max_retries=2),
        description=f"Written by {process} ({plan['pattern']}).",
    )
    def table() -> dg.MaterializeResult:
        [run] = psyberg("run", process)["runs"]
        if run["error"] is not None:
            raise failure(run["error"])
        return dg.MaterializeResult(
            metadata={
                "status": run["status"],
                "psyberg_session_id": run["psyberg_session_id"],
                "published_snapshot_id": run["published_snapshot_id"] or "none",
                "rows_read": int(run["rows_read"]),
                "rows_written": int(run["rows_written"]),
                "owed_hours": len(run["owed_hours"]),
            },
            data_version=None
            if run["published_snapshot_id"] is None
            else dg.DataVersion(run["published_snapshot_id"]),
        )

    return table


assets = [asset_of(plan) for plan in psyberg("plan")["plans"]]
hourly = dg.ScheduleDefinition(
    name="psyberg_hourly",
    cron_schedule="5 * * * *",
    target=dg.AssetSelection.assets(*assets),
)
defs = dg.Definitions(assets=assets, schedules=[hourly])
