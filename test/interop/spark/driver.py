# Spark as a process that answers: one JSON line with a statement in, one JSON line with its rows out.
import json
import os
import sys
from datetime import date, datetime
from decimal import Decimal

from pyspark.sql import SparkSession
from pyspark.sql.types import Row

settings = json.loads(sys.argv[1])
answers = os.fdopen(os.dup(1), 'w')
# What Spark prints itself goes to stderr.
os.dup2(2, 1)

builder = SparkSession.builder.master('local[2]').appName('psyberg-interop')
for key, value in settings.items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel('ERROR')


def text(value):
    """The text that the TypeScript side makes of DuckDB's values."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        whole = value.replace(tzinfo=None) - datetime(1970, 1, 1)
        return str((whole.days * 86400 + whole.seconds) * 1000000 + whole.microseconds)
    if isinstance(value, Row):
        return {key: text(item) for key, item in value.asDict().items()}
    if isinstance(value, dict):
        return {str(key): text(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [text(item) for item in value]
    return str(value)


def answer(request):
    for key, value in request.get('conf', {}).items():
        if value is None:
            spark.conf.unset(key)
        else:
            spark.conf.set(key, value)
    if 'sql' not in request:
        return {}
    frame = spark.sql(request['sql'])
    return {'columns': frame.columns, 'rows': [[text(value) for value in row] for row in frame.collect()]}


def send(value):
    answers.write(json.dumps(value) + '\n')
    answers.flush()


send({'ready': spark.version})
for line in sys.stdin:
    try:
        send(answer(json.loads(line)))
    except Exception as error:
        send({'error': str(error)[:4000]})
spark.stop()
