/** Five arrivals at two sources, of which the one is read through windows, in orders of them. */
import { check, type Event, type Row } from './window-model.ts';

const ARRIVALS: readonly (readonly [number, readonly Row[]])[] = [
  [
    0,
    [
      { hour: 2, key: 0 },
      { hour: 6, key: 1 },
      { hour: 9, key: 2 },
    ],
  ],
  [
    0,
    [
      { hour: 4, key: 0 },
      { hour: 12, key: 2 },
    ],
  ],
  [
    1,
    [
      { hour: 4, key: 1 },
      { hour: 12, key: 0 },
    ],
  ],
  [
    1,
    [
      { hour: 1, key: 0 },
      { hour: 7, key: 2 },
      { hour: 11, key: 2 },
    ],
  ],
  [
    1,
    [
      { hour: 3, key: 0 },
      { hour: 8, key: 1 },
    ],
  ],
];
/** All orders of what is left. */
const orders = (rest: readonly number[]): number[][] =>
  rest.length === 0
    ? [[]]
    : rest.flatMap((first) => orders(rest.filter((each) => each !== first)).map((more) => [first, ...more]));

export const ALL_ORDERS: readonly (readonly number[])[] = orders([0, 1, 2, 3, 4]);

export const KINDS = [
  ['stateful', 'hour'],
  ['dimension', 'hour'],
  ['stateful', 'day'],
  ['dimension', 'day'],
] as const;

/** Plays those orders, a session after each arrival, and checks every complete hour. */
export function playOrders([pattern, grain]: (typeof KINDS)[number], played: typeof ALL_ORDERS): void {
  const spans = [
    { beforeHours: 3, afterHours: 0, keyed: false },
    { beforeHours: 0, afterHours: 2, keyed: true },
    { beforeHours: 3, afterHours: 2, keyed: true },
  ];
  for (const span of grain === 'day' ? spans.slice(1) : spans)
    for (const order of played)
      check({
        windows: [undefined, span],
        pattern,
        hours: 'contiguous',
        grain,
        catchup: order[0] === 0 ? {} : { hoursPerSession: 1 + (order[0] as number) },
        events: order.flatMap((index): Event[] => {
          const [source, rows] = ARRIVALS[index] as (typeof ARRIVALS)[number];
          return [
            { kind: 'come', source, rows },
            { kind: 'session', passed: 2 },
          ];
        }),
      });
}
