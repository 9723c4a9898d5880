/**
 * Opens the listeners that were asked for. Request -> Observer. Each is imported only if it was asked for.
 */

import { hub } from './hub.ts';
import type { Listener } from './listener.ts';
import type { Observer } from './port.ts';
import type { ListenersAsked, ObserverContext } from './request.ts';

/** Never throws: if one cannot be opened there is a warning, and the others listen. */
export async function openObserver(asked: ListenersAsked, around: ObserverContext): Promise<Observer> {
  const { metrics } = asked;
  const opening: Promise<Listener>[] = [];
  if (metrics !== undefined)
    opening.push(import('./metrics/metrics-file.ts').then(({ metricsFile }) => metricsFile(metrics)));
  if (asked.lineage)
    opening.push(import('./lineage/lineage.ts').then(({ openLineage }) => openLineage(around)));
  if (asked.traces) opening.push(import('./traces/traces.ts').then(({ openTraces }) => openTraces(around)));
  const listeners = [...(asked.listeners ?? [])];
  for (const each of await Promise.allSettled(opening))
    if (each.status === 'fulfilled') listeners.push(each.value);
    else around.warn(each.reason instanceof Error ? each.reason.message : String(each.reason));
  return hub(listeners, around);
}
