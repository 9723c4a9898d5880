// Goal: what a session leaves owed, and what it finds pending, miss no hour, whatever comes in whatever order through
// whatever windows, with keys and without. Method: histories of arrivals and removals in a model of sources and target,
// planned by the real planner; each planned hour takes the state of its windows, and every complete hour must have that
// of now. Keys are matched in the model, over the hours that the planner says. Of a process of days an hour is a day: the
// model's rows then lie five hours apart, so that several are in one day, and days are left that are not over.
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { propertySeed } from '../support/property-seed.ts';
import { check, history } from './window-model.ts';
import { ALL_ORDERS, KINDS, playOrders } from './window-orders.ts';

describe('what sessions plan through windows', () => {
  it('keeps every complete hour as its windows are', () => {
    fc.assert(fc.property(history, check), {
      numRuns: Number(process.env['PSYBERG_PROPERTY_RUNS'] ?? 300),
      ...propertySeed(),
    });
  });

  it.each(KINDS)('%s by %s: orders of five arrivals end in the same', (...kind) => {
    // Those by which each arrival is the first one and the last one; the others are in window-orders.whole.ts.
    playOrders(
      kind,
      ALL_ORDERS.filter((_order, index) => index % 5 === 0),
    );
  });
});
