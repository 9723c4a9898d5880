"""A Psyberg project in Airflow 3: one task a step, so that each is retried by itself.

Every step of a run has the same session id, which stays the same when a task is retried or cleared: a step
that was done does nothing the second time. In the environment of the workers, PSYBERG_PROJECT is the
project's folder, and PSYBERG the command where it is not on the path.
"""

import os
from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, TaskGroup

# Each process with those that write its sources.
PROCESSES = {
    "event_fact_load": [],
    "event_count_load": ["event_fact_load"],
}

# Psyberg's session id: UTC time to the second.
SESSION_ID = "{{ dag_run.run_after.strftime('%Y%m%d%H%M%S') }}"

with DAG(
    dag_id="psyberg",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1),
    # What was missed is in the next session: psyberg finds by itself what changed since the last one.
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=int(os.environ.get("PSYBERG_RETRY_SECONDS", "60"))),
    },
) as dag:
    groups = {}
    for process, upstream in PROCESSES.items():
        with TaskGroup(group_id=process) as groups[process]:
            before = None
            for step in ["init", "load", "audit", "publish", "commit"]:
                task = BashOperator(
                    task_id=step,
                    bash_command=(
                        f'"${{PSYBERG:-psyberg}}" session {step} --project "${{PSYBERG_PROJECT:-.}}" --log-format json'
                        f" --process_name={process} --psyberg_session_id={SESSION_ID}"
                    ),
                )
                if before is not None:
                    before >> task
                before = task
        for name in upstream:
            groups[name] >> groups[process]
