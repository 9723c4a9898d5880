// Goal: five arrivals end in the same target in each of their 120 orders. Method: as in window-histories.test.ts, which
// plays a fifth of them.
import { expect, it } from 'vitest';
import { ALL_ORDERS, KINDS, playOrders } from './window-orders.ts';

it.each(KINDS)('%s by %s: all 120 orders of five arrivals end in the same', (...kind) => {
  expect(ALL_ORDERS).toHaveLength(120);
  playOrders(kind, ALL_ORDERS);
});
