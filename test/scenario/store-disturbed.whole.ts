// Goal: a store that fails now and then, in whatever way, loses and doubles nothing: a session goes on, or stops
// with one error that says so, and the next one finishes. Method: a proxy in front of moto that disturbs every
// seventh request, one way after the other; three patterns, late rows.
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { storedOrphans } from '../support/orphans.ts';
import { storeForTests } from '../support/store-for-tests.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

const store = storeForTests('lake');

type Disturbance = 'refuses (503 SlowDown)' | 'fails (500)' | 'resets' | 'cuts bodies' | 'loses answers';

interface DisturbedStore {
  readonly endpoint: string;
  /** Undefined: it is as it should be. */
  disturbance: Disturbance | undefined;
  /** Requests that were disturbed. */
  disturbed: number;
}

const EVERY = 7;

async function disturbedStore(): Promise<DisturbedStore> {
  let count = 0;
  const server = createServer((incoming, response) => {
    count += 1;
    const isHit = state.disturbance !== undefined && count % EVERY === 0;
    if (isHit) state.disturbed += 1;
    const hit = isHit ? state.disturbance : undefined;
    if (hit === 'resets') return void incoming.socket.destroy();
    if (hit === 'refuses (503 SlowDown)' || hit === 'fails (500)') return refuse(incoming, response, hit);
    passOn(incoming, response, hit);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const state: DisturbedStore = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    disturbance: undefined,
    disturbed: 0,
  };
  return state;
}

function refuse(incoming: IncomingMessage, response: ServerResponse, hit: Disturbance): void {
  incoming.resume();
  response.writeHead(hit === 'fails (500)' ? 500 : 503, { 'content-type': 'application/xml' });
  const code = hit === 'fails (500)' ? 'InternalError' : 'SlowDown';
  response.end(incoming.method === 'HEAD' ? undefined : `<Error><Code>${code}</Code></Error>`);
}

function passOn(incoming: IncomingMessage, response: ServerResponse, hit: Disturbance | undefined): void {
  const { method, url, headers } = incoming;
  const forward = send(`${store.endpoint}${url}`, { method, headers }, (reply) => {
    // The store has done what it was asked, and nobody hears of it.
    if (hit === 'loses answers') {
      reply.resume();
      return void incoming.socket.destroy();
    }
    response.writeHead(reply.statusCode ?? 500, reply.headers);
    if (hit !== 'cuts bodies') return void reply.pipe(response);
    reply.once('data', (chunk: Buffer) => {
      response.write(chunk.subarray(0, Math.floor(chunk.length / 2)), () => incoming.socket.destroy());
      reply.destroy();
    });
    reply.once('end', () => response.end());
  });
  forward.on('error', () => incoming.socket.destroy());
  incoming.pipe(forward);
}

const land = (world: World, hour: number, first: number): Promise<void> =>
  world.land(
    'raw.events',
    `select i, i % 5, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${first}, ${first + 10}) as t(i)`,
  );

/** What a session may end with: all say that the store, or the answer to a commit, is away. */
const TOLD = ['storage-unreachable', 'commit-state-unknown', 'source-unreadable'];

describe('a store that', () => {
  it.each(['refuses (503 SlowDown)', 'fails (500)', 'resets', 'cuts bodies', 'loses answers'] as const)(
    '%s loses and doubles nothing',
    { timeout: 240_000 },
    async (disturbance) => {
      const disturbed = await disturbedStore();
      const warehouse = `s3://lake/${disturbance.replace(/\W+/g, '-')}`;
      const world = await worldForTest({
        catalog: {
          warehouse,
          state: '.psyberg',
          storage: { ...store.settings, 's3.endpoint': disturbed.endpoint },
        },
        warehouse,
        processes: FOREIGN_PROCESSES,
        files: FOREIGN_FILES,
      });
      await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
        partitionedBy: 'hour(ts)',
      });
      for (const [round, hour] of [2, 1, 0].entries()) {
        await land(world, hour, round * 10);
        disturbed.disturbance = disturbance;
        const records = await world.run();
        disturbed.disturbance = undefined;
        for (const { error } of records)
          if (error !== null) expect(TOLD, error.message).toContain(error.code);
        expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
        await expectRecomputed(world);
      }
      expect(disturbed.disturbed).toBeGreaterThan(3);
      expect(await storedOrphans(world, store)).toEqual([]);
    },
  );
});
