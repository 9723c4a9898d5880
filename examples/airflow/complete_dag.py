"""Work that waits until a table is complete to an hour, as Psyberg announces it.

The sensor looks once in each of its turns and lets its worker go between them: exit code 0 means complete, 6
not yet, and anything else is an error.
"""

import os
from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.bash import BashSensor
from airflow.sdk import DAG

TABLE = "facts.event_count"
# The hour before that of the run.
HOUR = os.environ.get("PSYBERG_HOUR", "{{ dag_run.run_after.subtract(hours=1).strftime('%Y-%m-%dT%H') }}")

# Both are of the workers' environment.
PSYBERG = '"${PSYBERG:-psyberg}"'
PROJECT = '"${PSYBERG_PROJECT:-.}"'

with DAG(
    dag_id="after_psyberg",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1),
    catchup=False,
) as dag:
    complete = BashSensor(
        task_id="complete",
        bash_command=f"{PSYBERG} signals {TABLE} --project {PROJECT} --wait-for {HOUR} --timeout 0s",
        retry_exit_code=6,
        mode="reschedule",
        poke_interval=60,
    )
    report = BashOperator(
        task_id="report",
        bash_command=f"{PSYBERG} report --project {PROJECT} --out {PROJECT}/report.html",
    )
    complete >> report
