/**
 * The targets of the three processes of `support/foreign-scenario.ts`, recomputed by another reader:
 * PyIceberg reads the tables, Python counts. Catalog -> differences.
 */
import { runPython } from './python.ts';

/** What PyIceberg is told of a catalog: `uri`, `token`, `s3.…`. */
export type CatalogProperties = Readonly<Record<string, string>>;

export interface Recomputed {
  /** Rows of `raw.events`. */
  readonly events: number;
  /** For each target rows that only one side has, at most five. */
  readonly differences: Readonly<Record<string, readonly string[]>>;
}

const PREAMBLE = `
import collections, datetime
import pyarrow as pa
from pyiceberg.catalog import load_catalog
catalog = load_catalog('rest', **{'type': 'rest', **argument['properties']})
hour = datetime.timedelta(hours=1)
`;

const RECOMPUTE = `${PREAMBLE}
def rows(name, *columns):
  found = catalog.load_table(name).scan().to_arrow()
  return list(zip(*(found.column(column).to_pylist() for column in columns)))
raw = rows('raw.events', 'id', 'entity', 'ts')
floor = lambda ts: ts.replace(minute=0, second=0, microsecond=0)
counts = collections.Counter((floor(ts), entity) for _, entity, ts in raw)
states = []
seen = collections.Counter()
at = min(floor(ts) for _, _, ts in raw)
while at <= max(floor(ts) for _, _, ts in raw):
  for (each, entity), events in counts.items():
    if each == at: seen[entity] += events
  states += [(at, entity, events) for entity, events in seen.items()]
  at += hour
expected = {
  'facts.event_fact': (raw, ('id', 'entity', 'ts')),
  'facts.count_fact': ([(at, entity, events) for (at, entity), events in counts.items()], ('hour_ts', 'entity', 'events')),
  'dims.entity_state': (states, ('state_hour', 'entity', 'events')),
}
differences = {}
for name, (should, columns) in expected.items():
  should, found = collections.Counter(should), collections.Counter(rows(name, *columns))
  differences[name] = [f'missing {row}' for row in (should - found).elements()][:5] + [f'extra {row}' for row in (found - should).elements()][:5]
print(json.dumps({'events': len(raw), 'differences': differences}))
`;

const APPEND = `${PREAMBLE}
table = catalog.load_table('raw.events')
at = datetime.datetime.fromisoformat(argument['hour'])
table.append(pa.table({
  'id': pa.array(argument['ids'], pa.int64()),
  'entity': pa.array([i % 5 for i in argument['ids']], pa.int64()),
  'ts': pa.array([at + datetime.timedelta(seconds=i % 3600) for i in argument['ids']], pa.timestamp('us', 'UTC')),
}))
print(json.dumps(len(catalog.load_table('raw.events').scan().to_arrow())))
`;

export const recomputeByPyIceberg = (properties: CatalogProperties): Promise<Recomputed> =>
  runPython(RECOMPUTE, { properties });

/** Appends events with these ids to an hour of `raw.events`; returns how many it has then. */
export const appendByPyIceberg = (
  properties: CatalogProperties,
  { hour, ids }: { readonly hour: string; readonly ids: readonly number[] },
): Promise<number> => runPython(APPEND, { properties, hour: hour.replace('Z', '+00:00'), ids });
