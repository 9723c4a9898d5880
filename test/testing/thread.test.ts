// Goal: tests that another thread plays are played once each, and here where the thread cannot: it has read other tests, fails,
// or ends. Method: both sides over a channel of messages, with players that only tell that they played.
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, expect, it, vi } from 'vitest';
import type { TestResult } from '../../src/model/test-record.ts';
import type { OwnPlayer } from '../../src/testing/play/player.ts';
import { playersOf, serveTests, type ToTestThread } from '../../src/testing/play/thread.ts';
import type { TestSpec } from '../../src/testing/test-spec.ts';

const named = (name: string): TestSpec => ({ name, file: 'tests/some.yaml' }) as TestSpec;
const TESTS = ['a', 'b', 'c', 'd'].map(named);

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** A player whose results say who played; `fails`: the names of tests that it cannot play. */
function teller(who: string, fails: readonly string[] = []) {
  const close = vi.fn(async () => undefined);
  const player: OwnPlayer = {
    begin: async () => undefined,
    async play(test) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (fails.includes(test.name)) throw new Error('no room on the disk');
      return { name: test.name, file: who } as TestResult;
    },
    close,
  };
  return { player, close };
}

/** Two players of a thread that has read `tests`. */
function open({ tests = TESTS, fails = [] as string[] } = {}) {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const [there, here] = [teller('there', fails), teller('here')];
  const opened = vi.fn(() => ({ ...there.player }));
  const interrupt = vi.fn();
  const stop = new AbortController();
  const served = serveTests(
    { tests, open: opened, interrupt },
    {
      post: (answer) => port2.postMessage(answer),
      onMessage: (listener) => port2.on('message', listener),
    },
  );
  let die = (): void => {};
  const ended = new Promise<void>((end) => {
    die = end;
    void served.then(end);
  });
  const players = playersOf(
    {
      post: (message: ToTestThread) => port1.postMessage(message),
      onAnswer: (listener) => port1.on('message', listener),
      ended,
    },
    { count: 2, open: () => here.player, stop: stop.signal },
  );
  return { players, there, here, opened, interrupt, served, stop, port: port1, die };
}

async function playAll({ players }: ReturnType<typeof open>): Promise<string[]> {
  const waiting = [...TESTS.entries()];
  const told: string[] = [];
  await Promise.all(
    players.map(async (player) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { name, file } = await player.play(next[1], next[0]);
        told.push(`${name} ${file}`);
      }
      await player.close();
    }),
  );
  return told.sort();
}

it('plays each test once, two at a time, and closes what it opened', async () => {
  const thread = open();
  expect(await playAll(thread)).toEqual(['a there', 'b there', 'c there', 'd there']);
  await thread.served;
  expect(thread.opened).toHaveBeenCalledTimes(2);
  expect(thread.there.close).toHaveBeenCalledTimes(2);
});

it('plays here what the thread fails at, and all that comes after it', async () => {
  const thread = open({ fails: ['a', 'b'] });
  expect(await playAll(thread)).toEqual(['a here', 'b here', 'c here', 'd here']);
  expect(thread.here.close).toHaveBeenCalledTimes(2);
});

it('plays here what the thread has read otherwise', async () => {
  expect(await playAll(open({ tests: [named('a'), named('new')] }))).toEqual(
    expect.arrayContaining(['b here']),
  );
});

it('plays here what a thread was at when it ended', async () => {
  const thread = open({ tests: [] });
  thread.port.removeAllListeners('message');
  const played = playAll(thread);
  thread.die();
  expect(await played).toEqual(['a here', 'b here', 'c here', 'd here']);
});

it('passes an interruption on, and plays nothing here then', async () => {
  const thread = open({ fails: ['a', 'b'] });
  const played = playAll(thread);
  thread.stop.abort(new Error('interrupted'));
  await expect(played).rejects.toThrow('interrupted');
  await vi.waitFor(() => expect(thread.interrupt).toHaveBeenCalledTimes(1));
});
