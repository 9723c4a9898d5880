// Queries by a number: clauses, joins, windows, cases and nested queries, with comments and line ends anywhere.

type Words = readonly string[];
const NAMES = ['a', 'b', 'account_id', 'event_ts', '"Odd Name"', 'Kind', 'date', 'value'];
const TABLES = ['t', 'raw_events', 'schema_a.t', 'previous', '"Table"'];
const LITERALS = [
  '1',
  '1.5e-3',
  "'it''s'",
  "'two\n  lines'",
  "E'\\'q\\n'",
  '$first_hour',
  'null',
  "date '2023-09-14'",
  'interval 30 day',
  '$$text$$',
];
const TYPES = ['varchar', 'TIMESTAMPTZ', 'decimal(10,2)', 'int[]'];
const SIGNS = ['+', '-', '*', '//', '||', '->>', '=', '<>', 'and', 'or', 'AND'];
const JOINS = [['left', 'join'], ['FULL', 'JOIN'], ['anti', 'join'], ['join']];
const CALLS = ['coalesce', 'lower', 'my_macro', 'LEFT', 'row'];
const GAPS = [' -- why; "this"\n', '\n-- a line\n-- and more\n', ' /* in\n   between */ ', '\n\n  '];

/** Numbers from 0 below `below`, always the same ones for a seed (mulberry32). */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The text of the query of that number. */
export function generatedSql(seed: number): string {
  const roll = dice(seed);
  const pick = <T>(all: readonly T[]): T => all[roll(all.length)] as T;
  const list = (make: () => Words): Words =>
    Array.from({ length: 1 + roll(3) }, make).flatMap((words, index) =>
      index === 0 ? words : [',', ...words],
    );
  const expression = (depth: number): Words => {
    const inner = () => expression(depth - 1);
    if (depth <= 0) return [pick(roll(2) === 0 ? NAMES : LITERALS)];
    const forms: readonly (() => Words)[] = [
      () => [pick(NAMES)],
      () => [pick(LITERALS)],
      () => ['(', ...inner(), pick(SIGNS), ...inner(), ')'],
      () => [...inner(), 'in', '(', ...list(inner), ')'],
      () => ['-', '(', ...inner(), ')'],
      () => [pick(CALLS), '(', ...list(inner), ')'],
      () => ['(', ...inner(), ')', '::', pick(TYPES)],
      () => ['case', 'when', ...inner(), 'then', ...inner(), 'else', ...inner(), 'end'],
      () => [
        'sum',
        '(',
        ...inner(),
        ')',
        'over',
        '(',
        'partition',
        'by',
        ...list(inner),
        'order',
        'by',
        'a',
        ')',
      ],
      () => ['count', '(', '*', ')', 'filter', '(', 'where', ...inner(), ')'],
      () => ['exists', '(', ...query(depth - 1), ')'],
      () => ['[', ...list(inner), ']', '[', '1', ']'],
      () => ['list_transform', '(', 'l', ',', 'x', '->', 'x', '+', '1', ')'],
    ];
    return pick(forms)();
  };
  const source = (depth: number): Words =>
    depth > 0 && roll(3) === 0 ? ['(', ...query(depth - 1), ')', 'as', 'q'] : [pick(TABLES)];
  const query = (depth: number): Words => [
    ...(depth > 0 && roll(3) === 0 ? ['with', 'c', 'as', '(', ...query(depth - 1), ')'] : []),
    'select',
    ...list(() => [...expression(depth), ...(roll(2) === 0 ? ['as', 'x'] : [])]),
    'from',
    ...source(depth),
    ...(roll(2) === 0 ? [...pick(JOINS), ...source(depth), 'on', ...expression(depth)] : []),
    ...(roll(2) === 0 ? ['where', ...expression(depth)] : []),
    ...pick([[], ['group', 'by', 'all'], ['group', 'by', 'a', ',', 'b']]),
    ...pick([[], ['order', 'by', 'a', 'desc', ',', 'b'], ['limit', '10'], ['union', 'all', 'select', '1']]),
  ];
  return query(2)
    .map((word) => word + (roll(12) > 0 ? ' ' : roll(2) > 0 ? '\n' : pick(GAPS)))
    .join('');
}
