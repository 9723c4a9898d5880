/** Sends lineage events in order, beside the work. Event -> file, HTTP, stderr. */
import { appendFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { makeFolder } from '../../disk/make-folder.ts';
import { withoutUser } from './datasets.ts';
import type { LineageEvent } from './facets.ts';
import type { TransportSettings } from './settings.ts';

export interface LineageTransport {
  /** Takes an event, and sends it after the ones before it. */
  send(event: LineageEvent): void;
  /** Waits until all are sent, or the signal aborts. Returns what was not delivered, in words. */
  close(signal: AbortSignal): Promise<string | undefined>;
}

/** A failed request is repeated once, after this time. */
const AGAIN_AFTER_MS = 200;

export function openTransport(settings: TransportSettings): LineageTransport {
  const ended = new AbortController();
  const one = senderOf(settings, ended.signal);
  let sending: Promise<void> = Promise.resolve();
  let events = 0;
  let failed = 0;
  let reason: unknown;
  return {
    send(event) {
      events += 1;
      failed += 1;
      sending = sending.then(async () => {
        // Events that are left when the command ends are no longer sent.
        if (ended.signal.aborted) return;
        try {
          await one(event);
          failed -= 1;
        } catch (error) {
          reason ??= error;
        }
      });
    },
    async close(signal) {
      const stop = (): void => ended.abort();
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop);
      await Promise.race([sending, aborted(ended.signal)]);
      if (failed === 0) return undefined;
      const why = ended.signal.aborted && !isAnswer(reason) ? 'no answer in time' : whyNot(reason);
      return `lineage: ${failed} of ${events} events were not delivered to ${nameOf(settings)}: ${why}`;
    },
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done());
  });

const nameOf = (settings: TransportSettings): string =>
  settings.type === 'http' ? withoutUser(settings.url) : settings.type === 'file' ? settings.path : 'stderr';

type Sender = (event: LineageEvent) => Promise<void>;

function senderOf(settings: TransportSettings, signal: AbortSignal): Sender {
  switch (settings.type) {
    case 'console':
      return async (event) => void process.stderr.write(`${JSON.stringify(event)}\n`);
    case 'file':
      return fileSender(settings);
    case 'http':
      return httpSender(settings, signal);
  }
}

/** Without `append`, writes a file for each event, as OpenLineage's own client does. */
function fileSender({ path, append }: Extract<TransportSettings, { type: 'file' }>): Sender {
  return async (event) => {
    makeFolder(dirname(path));
    const line = `${JSON.stringify(event)}\n`;
    if (append) await appendFile(path, line);
    else await writeFile(`${path}-${event.eventTime.replace(/[:.]/g, '')}-${event.eventType}.json`, line);
  };
}

class Answer extends Error {}
const isAnswer = (error: unknown): error is Answer => error instanceof Answer;

const whyNot = (error: unknown): string => {
  if (isAnswer(error)) return error.message;
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return 'no answer in time';
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : message;
};

function httpSender(
  { url, headers, timeoutMs, gzip: zips }: Extract<TransportSettings, { type: 'http' }>,
  signal: AbortSignal,
): Sender {
  const once = async (event: LineageEvent): Promise<void> => {
    const text = JSON.stringify(event);
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(zips ? { 'content-encoding': 'gzip' } : {}),
        ...headers,
      },
      body: zips ? new Uint8Array(await promisify(gzip)(text)) : text,
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Answer(`HTTP ${response.status}`);
  };
  return async (event) => {
    try {
      await once(event);
    } catch (error) {
      // A request that was not answered has waited long enough.
      if (signal.aborted || (error as Error).name === 'TimeoutError') throw error;
      await sleep(AGAIN_AFTER_MS, undefined, { signal });
      await once(event);
    }
  };
}
