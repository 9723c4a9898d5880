# PyIceberg as somebody else who writes tables: one JSON line with a request in, one JSON line with its answer out.
# A request names a table and what is done to it; "read" leaves the rows as PyIceberg reads them in a Parquet file.
import datetime
import json
import os
import sys
import warnings

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet
from pyiceberg.catalog import load_catalog
from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, In, IsNull, LessThan, Not
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import parse_transform
from pyiceberg.types import *

warnings.filterwarnings('ignore')
answers = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)
TIMES = {'timestamptz': TimestamptzType(), 'timestamp': TimestampType(), 'date': DateType(), 'epoch_ms': LongType()}
TYPES = {'int': IntegerType(), 'long': LongType(), 'float': FloatType(), 'double': DoubleType(), 'string': StringType(), 'decimal': DecimalType(9, 2), 'wide': DecimalType(20, 2)}
catalogs = {}


def connect(request):
  catalogs['rest'] = load_catalog('rest', **{'type': 'rest', 'uri': request['uri'], 'token': request['token']})
  catalogs['sql'] = load_catalog('psyberg', **{'type': 'sql', 'uri': f"sqlite:///{request['warehouse']}/catalog.db", 'warehouse': f"file://{request['warehouse']}"})
  catalogs['scratch'] = request['scratch']


def create(request):
  fields = [NestedField(1, 'id', LongType(), required=False), NestedField(2, 'ts', TIMES[request['time']], required=False), NestedField(3, 'k', StringType(), required=False),
    NestedField(4, 'v', IntegerType(), required=False), NestedField(5, 'extra', StringType(), required=False)]
  ids = {field.name: field.field_id for field in fields}
  spec = PartitionSpec(*(PartitionField(source_id=ids[column], field_id=1000 + at, transform=parse_transform(transform), name=f'{column} part-{at}') for at, (column, transform) in enumerate(request['partition'])))
  catalog = catalogs[request['via']]
  catalog.create_namespace_if_not_exists('raw')
  catalog.create_table(request['table'], schema=Schema(*fields), partition_spec=spec, properties=request['properties'])


def time_of(kind, ms):
  if ms is None: return None
  if kind == 'epoch_ms': return ms
  at = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
  return at if kind == 'timestamptz' else at.date() if kind == 'date' else at.replace(tzinfo=None)


# Rows of a request: [id, ms, k, v]. Columns that the table has besides get values of their own.
def arrow_of(table, rows):
  schema = table.schema()
  columns = []
  target = schema_to_pyarrow(schema, include_field_ids=False)
  kind = next(name for name, each in TIMES.items() if each == schema.find_field('ts').field_type) if not isinstance(schema.find_field('ts').field_type, LongType) else 'epoch_ms'
  for field in target:
    if field.name == 'id': values = [row[0] for row in rows]
    elif field.name == 'ts': values = [time_of(kind, row[1]) for row in rows]
    elif field.name == 'k': values = [row[2] for row in rows]
    elif field.name == 'v': values = [row[3] for row in rows]
    elif pa.types.is_string(field.type) or pa.types.is_large_string(field.type): values = [None if row[0] % 4 == 0 else f'{field.name}{row[0] % 3}' for row in rows]
    elif pa.types.is_decimal(field.type):
      from decimal import Decimal
      values = [Decimal(row[0] % 1000) for row in rows]
    elif pa.types.is_floating(field.type): values = [float('nan') if row[0] % 5 == 0 else None if row[0] % 5 == 1 else row[0] / 4 for row in rows]
    else: values = [None if row[0] % 5 == 0 else row[0] % 7 for row in rows]
    columns.append(pa.array(values, field.type))
  return pa.table(columns, schema=target)


def condition(table, where):
  kind, *values = where
  if kind == 'rest':
    ids = [each for each in table.scan(selected_fields=('id',)).to_arrow()['id'].to_pylist() if each is not None and each % values[0] == values[1]]
    return In('id', ids) if ids else EqualTo('id', -1)
  if kind == 'k': return EqualTo('k', values[0]) if values[0] is not None else IsNull('k')
  if kind == 'v': return GreaterThanOrEqual('v', values[0])
  if kind == 'not': return Not(condition(table, values[0]))
  if kind == 'both': return And(condition(table, values[0]), condition(table, values[1]))
  if kind == 'null-time': return IsNull('ts')
  if kind == 'all': return None
  if kind == 'time':
    field = table.schema().find_field('ts').field_type
    name = 'epoch_ms' if isinstance(field, LongType) else next(each for each, type in TIMES.items() if type == field)
    low, high = (time_of(name, each) for each in values)
    text = lambda each: each if isinstance(each, int) else each.isoformat()
    return And(GreaterThanOrEqual('ts', text(low)), LessThan('ts', text(high)))
  raise ValueError(kind)


def on(request):
  return {'branch': request['branch']} if request.get('branch') else {}


# One operation on a table or in a transaction; `table` is the table as it was before the transaction.
def operate(table, to, request):
  kind = request['kind']
  props = {'snapshot_properties': {'from': 'pyiceberg'}} if request.get('noted') else {}
  if kind == 'land': to.append(arrow_of(table, request['rows']), **props, **on(request))
  elif kind == 'delete':
    where = condition(table, request['where'])
    to.delete(**({} if where is None else {'delete_filter': where}), **on(request)) if where is not None else to.delete(GreaterThanOrEqual('id', 0), **on(request))
  elif kind == 'overwrite':
    where = condition(table, request['where'])
    to.overwrite(arrow_of(table, request['rows']), **({} if where is None else {'overwrite_filter': where}), **on(request))
  elif kind == 'rewrite': to.overwrite(table.scan().to_arrow() if not request.get('branch') else table.scan().use_ref(request['branch']).to_arrow(), **on(request))
  elif kind == 'dynamic': to.dynamic_partition_overwrite(arrow_of(table, request['rows']), **on(request))
  elif kind == 'upsert': to.upsert(arrow_of(table, request['rows']), join_cols=request['keys'], when_matched_update_all=request.get('update', True), when_not_matched_insert_all=request.get('insert', True), **on(request))
  elif kind == 'properties': (to if hasattr(to, 'set_properties') else to.transaction()).set_properties(request['set'])
  else: raise ValueError(kind)


def transaction(table, request):
  with table.transaction() as tx:
    for each in request['operations']:
      if each['kind'] == 'schema': change_schema(tx.update_schema(), table, each)
      elif each['kind'] == 'spec': change_spec(tx.update_spec(), table, each)
      else: operate(table, tx, each)


def change_schema(update, table, request):
  with update as change:
    what = request['change']
    if what == 'add': change.add_column(request['name'], TYPES[request['type']])
    elif what == 'drop': change.delete_column(request['name'])
    elif what == 'rename': change.rename_column(request['name'], request['to'])
    elif what == 'widen': change.update_column(request['name'], field_type=TYPES[request['type']])
    elif what == 'first': change.move_first(request['name'])
    elif what == 'doc': change.update_column(request['name'], doc='told')
    else: raise ValueError(what)


def change_spec(update, table, request):
  with update as change:
    if 'remove' in request: change.remove_field(table.spec().fields[request['remove'] % len(table.spec().fields)].name)
    elif 'rename' in request: change.rename_field(table.spec().fields[request['rename'] % len(table.spec().fields)].name, request['name'])
    else: change.add_field(request['column'], parse_transform(request['transform']), request['name'])


def snapshots(table, request):
  move = request['move']
  with table.manage_snapshots() as change:
    if move == 'tag': change.create_tag(table.current_snapshot().snapshot_id, request['name'])
    elif move == 'branch': change.create_branch(table.current_snapshot().snapshot_id, request['name'])
    elif move == 'remove-branch': change.remove_branch(request['name'])
    elif move == 'remove-tag': change.remove_tag(request['name'])
    elif move == 'to-ref': change.set_current_snapshot(ref_name=request['name'])
    elif move == 'to':
      all = sorted(table.snapshots(), key=lambda each: each.timestamp_ms)
      change.set_current_snapshot(snapshot_id=all[request['index'] % len(all)].snapshot_id)
    elif move == 'back':
      snapshot = table.current_snapshot()
      for _ in range(request['back']):
        parent = table.snapshot_by_id(snapshot.parent_snapshot_id) if snapshot.parent_snapshot_id is not None else None
        snapshot = parent or snapshot
      change.rollback_to_snapshot(snapshot.snapshot_id)
    else: raise ValueError(move)


def expire(table, request):
  held = {each.snapshot_id for each in table.refs().values()}
  order = [each.snapshot_id for each in sorted(table.snapshots(), key=lambda each: each.timestamp_ms)]
  free = [each for each in order[:len(order) - request['keep']] if each not in held]
  if free: table.maintenance.expire_snapshots().by_ids(free).commit()
  return len(free)


def add_files(table, request):
  folder = os.path.join(catalogs['warehouse'], 'landed')
  os.makedirs(folder, exist_ok=True)
  paths = []
  for at, rows in enumerate(request['files']):
    path = os.path.join(folder, f"{request['name']}-{at}.parquet")
    content = arrow_of(table, rows)
    if request.get('shuffled'): content = content.select(content.column_names[::-1])
    if request.get('narrow'): content = content.select([each for each in content.column_names if each in ('id', 'ts', 'k', 'v')])
    parquet.write_table(content, path, **({'write_statistics': False} if request.get('bare') else {}), **({'row_group_size': 2}))
    paths.append('file://' + path if request.get('scheme') else path)
  table.add_files(paths)


# A target that somebody fills, in two commits.
def fill(request):
  rows = parquet.read_table(request['from'])
  catalog = catalogs[request['via']]
  catalog.create_namespace_if_not_exists('facts')
  table = catalog.create_table(request['table'], schema=rows.schema, properties={'format-version': '2'})
  if request.get('transform'):
    with table.update_spec() as change: change.add_field('ts', parse_transform(request['transform']), 'ts_part')
  half = len(rows) // 2
  for each in (rows.slice(0, half), rows.slice(half)):
    if len(each): catalog.load_table(request['table']).append(each)


def read(table, request):
  path = request['to']
  rows = table.scan(**({'snapshot_id': int(request['snapshot'])} if request.get('snapshot') else {})).to_arrow()
  parquet.write_table(rows, path)
  return {'rows': len(rows), 'columns': rows.column_names}


def answer(request):
  kind = request['kind']
  if kind == 'connect':
    catalogs['warehouse'] = request['warehouse']
    return connect(request)
  if kind == 'create': return create(request)
  if kind == 'fill': return fill(request)
  if kind == 'wait': return None
  table = catalogs[request.get('via', 'rest')].load_table(request['table'])
  if kind == 'read': return read(table, request)
  if kind == 'transaction': return transaction(table, request)
  if kind == 'schema': return change_schema(table.update_schema(), table, request)
  if kind == 'spec': return change_spec(table.update_spec(), table, request)
  if kind == 'snapshots': return snapshots(table, request)
  if kind == 'expire': return expire(table, request)
  if kind == 'add-files': return add_files(table, request)
  if kind == 'upgrade':
    with table.transaction() as tx: tx.upgrade_table_version(request['version'])
    return None
  if kind == 'properties':
    with table.transaction() as tx: tx.set_properties(request['set'])
    return None
  return operate(table, table, request)


for line in sys.stdin:
  try:
    told = {'answer': answer(json.loads(line))}
  except Exception as error:
    import traceback
    told = {'error': f'{type(error).__name__}: {error}', 'at': traceback.format_exc()[-1500:]}
  answers.write(json.dumps(told) + '\n')
  answers.flush()
