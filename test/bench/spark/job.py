# What somebody writes by hand in PySpark in place of a session of psyberg: an append of one landing hour,
# written to a branch, audited there, and published by moving main. One JSON line in for each job, one out.
import json
import sys

from pyspark.sql import SparkSession

order = json.loads(sys.argv[1])
TARGET = f"lake.{order['target']}"


def run(hour):
    # A session of its own for each job, as each run of an orchestrator has one.
    spark = SparkSession.builder.remote(order['remote']).create()
    try:
        for key, value in order['settings'].items():
            spark.conf.set(key, value)
        branch = f'audit_{hour}'
        spark.sql(f'alter table {TARGET} create branch {branch}')
        spark.sql(
            f"""
            insert into {TARGET}.branch_{branch}
            select {order['select']} from lake.{order['source']} where landing_hour = {hour}
            """
        )
        count = lambda rows: spark.sql(f'select count(*) as n from {rows}').collect()[0].n
        expected = count(f"lake.{order['source']} where landing_hour = {hour}")
        actual = count(f'{TARGET}.branch_{branch}') - count(TARGET)
        without = count(f'{TARGET}.branch_{branch} where event_id is null or event_ts is null')
        if actual != expected or without > 0:
            raise Exception(f'{actual} of {expected} rows, {without} of them without id or time')
        spark.sql(f"call lake.system.fast_forward('{order['target']}', 'main', '{branch}')").collect()
        spark.sql(f'alter table {TARGET} drop branch {branch}')
        return actual
    finally:
        spark.stop()


print('ready', flush=True)
for line in sys.stdin:
    try:
        print(json.dumps({'rows': run(json.loads(line)['hour'])}), flush=True)
    except Exception as error:
        print(json.dumps({'error': str(error)[:2000]}), flush=True)
