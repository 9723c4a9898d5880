/**
 * Random queries over `e(id, ts, d, day, s, l)`, beside `f(id, d, g)`, that read a column in many ways: as it is,
 * computed with, named, through other queries, by a star. Most of them DuckDB can bind.
 */
import fc from 'fast-check';

type Text = fc.Arbitrary<string>;

const any = (all: readonly string[]): Text => fc.constantFrom(...all);
/** What stands for a column: `own` is read most of all. */
interface Values {
  readonly number: Text;
  readonly time: Text;
  readonly value: Text;
}
const NUMBERS = ['d', 'e.d', 's.w', "s['w']", 's.f', 'id', 's.t.a', "s['t'].a", 'l[1].a', "l[1]['a']", 'x'];
const TIMES = ['day', 'e.day', 'ts', 'y'];
const WHOLES = ['s', 'e.s', 's.t', "s['t']", 'l', 'l[1]', 'x', 'y', 't', 'q'];
function valuesOf(own: readonly string[]): Values {
  const mostly = (others: Text): Text =>
    fc.oneof({ weight: 3, arbitrary: any(own) }, { weight: 2, arbitrary: others });
  const [number, time] = [mostly(any(NUMBERS)), mostly(any(TIMES))];
  return { number, time, value: mostly(fc.oneof(any(NUMBERS), any(TIMES), any(WHOLES))) };
}

type Wrap = readonly [wrap: (x: string, y: string) => string, of: keyof Values | readonly string[]];
const SCALARS: readonly Wrap[] = [
  [(x) => `${x}::varchar`, 'value'],
  [(x) => `cast(${x} as varchar)`, 'value'],
  [(x) => `${x}::double`, 'number'],
  [(x) => `cast(${x} as float)`, 'number'],
  [(x) => `${x}::timestamp`, 'time'],
  [(x) => `${x}::timestamptz`, 'time'],
  [(x) => `${x}::date`, 'time'],
  [(x) => `date_trunc('hour', ${x})`, 'time'],
  [(x) => `to_json(${x})`, 'value'],
  [(x) => `hash(${x})`, 'value'],
  [(x) => `typeof(${x})`, 'value'],
  [(x) => `${x} is null`, 'value'],
  [(x) => `${x} is not null`, 'value'],
  [(x) => `(${x})`, 'value'],
  [(x) => `[${x}]`, 'value'],
  [(x) => `{k: ${x}}`, 'value'],
  [(x) => `lag(${x}) over (order by id)`, 'value'],
  [(x) => `sum(id) over (partition by ${x})`, 'value'],
  [(x) => `max(id) over (order by ${x})`, 'value'],
  [(x) => `get_f(${x})`, ['s', 'e.s', 'x']],
  [(x) => `get_all(${x})`, 'value'],
  [(x) => `(select ${x})`, 'value'],
  [(x, y) => `coalesce(${x}, ${y})`, 'number'],
  [(x, y) => `concat(id, ${x}, ${y})`, 'value'],
  [(x, y) => `${x} = ${y}`, 'number'],
  [(x, y) => `${x} * 3 + ${y}`, 'number'],
  [(x, y) => `greatest(${x}, ${y})`, 'number'],
  [(x, y) => `case when ${x} > 0.1 then ${y} end`, 'number'],
  [(x) => `unnest(${x})`, ['l', 's', 'e.s', 'x']],
  [(x) => `${x}.to_json()`, ['s', 'l', 'd']],
];
const AGGREGATES: readonly Wrap[] = [
  ...['sum', 'avg'].map((name): Wrap => [(x) => `${name}(${x})`, 'number']),
  ...['min', 'max', 'count'].map((name): Wrap => [(x) => `${name}(${x})`, 'value']),
  [(x) => `count(distinct ${x})`, 'value'],
];
const listOf = (of: Text): Text =>
  fc
    .array(
      fc.tuple(of, any(['', '', ' as x', ' as y', ' as d', ' as s', ' as t'])).map((parts) => parts.join('')),
      { minLength: 1, maxLength: 3 },
    )
    .map((all) => all.join(', '));
const often = (clause: Text): Text =>
  fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: clause });
const STARS = ['*', 'e.*', '* exclude (l)', 's.*, id', '*, id as x', 'columns(*)'];

/** One SELECT from one of these. */
function selects(values: Values): (froms: readonly string[]) => Text {
  const { number, time, value } = values;
  const wrapped = (wraps: readonly Wrap[]): Text =>
    fc.constantFrom(...wraps).chain(([wrap, of]) => {
      const inner = typeof of === 'string' ? values[of] : any(of);
      return fc.tuple(inner, inner).map(([x, y]) => wrap(x, y));
    });
  const cast = fc
    .tuple(wrapped(SCALARS), any(['varchar', 'double', 'date']))
    .map(([x, type]) => `(${x})::${type}`);
  const scalar = fc.oneof(
    { weight: 5, arbitrary: value },
    { weight: 4, arbitrary: wrapped(SCALARS) },
    { weight: 1, arbitrary: cast },
  );
  const condition = fc.oneof(
    fc.tuple(number, any(['=', '>', '<>']), number).map((parts) => parts.join(' ')),
    fc.tuple(number, any(['=', '>', 'in']), any(['(0.1)', '(1)'])).map((parts) => parts.join(' ')),
    fc.tuple(value, any([' is null', ' is not null'])).map((parts) => parts.join('')),
    time.map((each) => `${each}::varchar like '%-02'`),
  );
  const where = often(condition.map((each) => ` where ${each}`));
  const ordered = often(value.map((each) => ` order by ${each}`));
  const aggregate = wrapped(AGGREGATES);
  const itemsAndEnd = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(listOf(scalar), ordered) },
    {
      weight: 2,
      arbitrary: fc.tuple(listOf(fc.oneof(scalar, aggregate, aggregate)), fc.constant(' group by all')),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(
        listOf(aggregate),
        value.map((by) => ` group by ${by}`),
      ),
    },
    { weight: 2, arbitrary: fc.tuple(any(STARS), fc.constant('')) },
  );
  return (froms) =>
    fc
      .tuple(any(['', '', '', '', 'distinct ']), itemsAndEnd, any(froms), where)
      .map(([distinct, [items, end], from, only]) => `select ${distinct}${items} from ${from}${only}${end}`);
}

const TABLES = [
  ...['e', 'e', 'e', 'e', 'e as q'],
  ...['e join f using (d)', 'e join f using (id)', 'e join f on e.d = f.d'],
];

/** `own`: how the column is read, as `s.t`. */
export function queryOf(own: readonly string[]): Text {
  const select = selects(valuesOf(own));
  const simple = select(TABLES);
  const withQuery = fc
    .tuple(
      any(['q as', 'q as', 'q(x, y) as', 'q as materialized']),
      simple,
      select(['q', 'q', 'q as e', 'e, q']),
    )
    .map(([name, one, two]) => `with ${name} (${one}) ${two}`);
  return fc.oneof(
    { weight: 5, arbitrary: simple },
    { weight: 3, arbitrary: withQuery },
    {
      weight: 3,
      arbitrary: simple.chain((one) => select([`(${one}) as q`, `(${one}) e`, `(${one}) as q(x, y)`])),
    },
    { weight: 1, arbitrary: fc.tuple(simple, simple).map(([one, two]) => `${one} union all ${two}`) },
  );
}
