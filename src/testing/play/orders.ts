/** Chooses the orders in which arrivals are played. Numbers -> orders; arrivals are counted from 0. Pure. */
import type { Orders } from '../test-spec.ts';

export type Order = readonly number[];

/** Up to this number of arrivals, every order is played. */
const ALL_MAX = 5;
/** Number of orders for more arrivals. */
const SAMPLE = 24;

/** Returns the given order first. */
export function ordersOf(count: number, orders: Orders, seed: number): Order[] {
  const given = Array.from({ length: count }, (_each, index) => index);
  if (orders === 'given') return [given];
  const wanted = orders === 'all' ? (count <= ALL_MAX ? Number.POSITIVE_INFINITY : SAMPLE) : orders;
  if (count <= ALL_MAX) {
    const all = permutations(given);
    return wanted >= all.length ? all : [given, ...shuffled(all.slice(1), seed)].slice(0, wanted);
  }
  return sample(given, wanted, seed);
}

/** All orders in lexicographic order, so that neighbours begin alike. */
function permutations(items: readonly number[]): Order[] {
  if (items.length < 2) return [items];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

/** Distinct orders, always including the reverse one, which authors do not think of. */
function sample(given: Order, wanted: number, seed: number): Order[] {
  const orders = new Map<string, Order>();
  const add = (order: Order): void => {
    if (orders.size < wanted) orders.set(order.join(), order);
  };
  add(given);
  add([...given].reverse());
  // The number of tries is limited, since there may be fewer orders than wanted: of six arrivals there are
  // 720.
  for (let tries = 0; orders.size < wanted && tries < wanted * 20; tries += 1)
    add(shuffled(given, seed + tries * 7919));
  const [first, ...others] = [...orders.values()] as [Order, ...Order[]];
  return [first, ...others.sort((one, other) => compare(one, other))];
}

const compare = (one: Order, other: Order): number => {
  const at = one.findIndex((each, index) => each !== other[index]);
  return at < 0 ? 0 : (one[at] as number) - (other[at] as number);
};

/** Shuffles (Fisher and Yates) with numbers that only depend on the seed (mulberry32). */
function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  let state = seed >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] as Item, result[last] as Item];
  }
  return result;
}

/**
 * Finds the shortest order that still fails: its shortest prefix, and of that only the arrivals that are
 * needed. `fails` plays an order.
 */
export async function shortestFailing(
  order: Order,
  fails: (order: Order) => Promise<boolean>,
): Promise<Order> {
  let shortest = order;
  for (let length = 1; length < order.length; length += 1)
    if (await fails(order.slice(0, length))) {
      shortest = order.slice(0, length);
      break;
    }
  for (let at = 0; at < shortest.length && shortest.length > 1; ) {
    const without = shortest.filter((_each, index) => index !== at);
    if (await fails(without)) [shortest, at] = [without, 0];
    else at += 1;
  }
  return shortest;
}
