// Goal: the orders that are played are those that were asked for, and the shortest failing one is found. Method:
// counts, and a made-up fault.
import { describe, expect, it } from 'vitest';
import { type Order, ordersOf, shortestFailing } from '../../src/testing/play/orders.ts';

const distinct = (orders: readonly Order[]): number => new Set(orders.map((each) => each.join())).size;

describe('ordersOf', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 6],
    [5, 120],
    [6, 24],
  ])('%i arrivals by default: %i orders', (count, expected) => {
    const orders = ordersOf(count, 'all', 1);
    expect(orders).toHaveLength(expected);
    expect(distinct(orders)).toBe(expected);
    expect(orders[0]).toEqual([...Array(count).keys()]);
    for (const order of orders) expect([...order].sort()).toEqual([...Array(count).keys()]);
  });
  it('a sample is the same for a seed, another for another, and holds the reverse', () => {
    expect(ordersOf(8, 'all', 7)).toEqual(ordersOf(8, 'all', 7));
    expect(ordersOf(8, 'all', 7)).not.toEqual(ordersOf(8, 'all', 8));
    expect(ordersOf(8, 'all', 7)).toContainEqual([7, 6, 5, 4, 3, 2, 1, 0]);
  });
  it('a number plays that many, or all that there are; given plays one', () => {
    expect(ordersOf(4, 5, 1)).toHaveLength(5);
    expect(distinct(ordersOf(4, 5, 1))).toBe(5);
    expect(ordersOf(3, 100, 1)).toHaveLength(6);
    expect(ordersOf(6, 5000, 1).length).toBeLessThanOrEqual(720);
    expect(ordersOf(3, 'given', 1)).toEqual([[0, 1, 2]]);
  });
});

describe('shortestFailing', () => {
  it('keeps only the arrivals that the fault needs, in their order', async () => {
    const fails = async (order: Order) => order.includes(3) && order.indexOf(1) > order.indexOf(3);
    expect(await shortestFailing([0, 3, 2, 1, 4], fails)).toEqual([3, 1]);
  });
  it('is the order itself where nothing can be left out', async () => {
    const fails = async (order: Order) => order.length === 3;
    expect(await shortestFailing([2, 0, 1], fails)).toEqual([2, 0, 1]);
  });
});
