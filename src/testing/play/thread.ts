/**
 * Plays tests in another JavaScript thread with its own sandboxes: half of the work of a test is JavaScript,
 * and one thread uses one core. Both sides have read the same files, and refer to a test by its number;
 * messages are plain data.
 */
import type { TestResult } from '../../model/test-record.ts';
import type { TestSpec } from '../test-spec.ts';
import type { OwnPlayer, Player } from './player.ts';

export type ToTestThread =
  | { readonly kind: 'play'; readonly number: number; readonly file: string; readonly name: string }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'close' };

/** The answer for a test; null: the thread cannot play it, so the side that asked has to. */
export interface FromTestThread {
  readonly number: number;
  readonly result: TestResult | null;
}

/** The other thread, as the reporting one sees it. */
export interface TestThread {
  post(message: ToTestThread): void;
  /** Registers a listener that is called for every answer. */
  onAnswer(listener: (answer: FromTestThread) => void): void;
  /** Settles when the thread has ended, in whatever way. */
  readonly ended: Promise<void>;
}

export interface PlayersRequest {
  readonly count: number;
  /** Opens a player in this thread, for what the other one cannot play. */
  readonly open: () => Player;
  readonly stop: AbortSignal;
}

/** Makes as many players as are asked for, all in one thread. */
export function playersOf(thread: TestThread, { count, open, stop }: PlayersRequest): Player[] {
  const waiting = new Map<number, (result: TestResult | null) => void>();
  let isOver = false;
  stop.addEventListener('abort', () => thread.post({ kind: 'interrupt' }));
  thread.onAnswer(({ number, result }) => waiting.get(number)?.(result));
  void thread.ended.then(() => {
    isOver = true;
    for (const give of waiting.values()) give(null);
  });
  const ask = async ({ file, name }: TestSpec, number: number): Promise<TestResult | null> => {
    if (isOver) return null;
    const answer = new Promise<TestResult | null>((give) => waiting.set(number, give));
    thread.post({ kind: 'play', number, file, name });
    return answer.finally(() => waiting.delete(number));
  };
  let players = count;
  return Array.from({ length: count }, () => {
    let here: Player | undefined;
    return {
      async play(test, number) {
        const result = here === undefined ? await ask(test, number) : null;
        if (result !== null) return result;
        // An abort may be what kept the thread from playing.
        stop.throwIfAborted();
        here ??= open();
        return here.play(test, number);
      },
      async close() {
        players -= 1;
        if (players === 0) thread.post({ kind: 'close' });
        await Promise.all([here?.close(), players === 0 ? thread.ended : undefined]);
      },
    };
  });
}

export interface ServedTests {
  readonly tests: readonly TestSpec[];
  readonly open: () => OwnPlayer;
  readonly interrupt: () => void;
}

/**
 * The side of the other thread: plays what it is asked for until it is told to close, several tests at a
 * time.
 */
export async function serveTests(
  { tests, open, interrupt }: ServedTests,
  port: {
    post(answer: FromTestThread): void;
    onMessage(listener: (message: ToTestThread) => void): void;
  },
): Promise<void> {
  const idle: OwnPlayer[] = [];
  const players: OwnPlayer[] = [];
  const take = (): OwnPlayer => {
    const free = idle.pop() ?? open();
    if (!players.includes(free)) players.push(free);
    return free;
  };
  const play = async ({ number, file, name }: ToTestThread & { kind: 'play' }): Promise<void> => {
    const test = tests[number];
    let result: TestResult | null = null;
    // Files that were saved meanwhile may hold other tests.
    if (test?.file === file && test.name === name) {
      const player = take();
      // Whatever keeps it from playing also keeps the other side from it, which then reports that.
      result = await player.play(test, number).catch(() => null);
      idle.push(player);
    }
    port.post({ number, result });
  };
  const playing = new Set<Promise<void>>();
  await new Promise<void>((close) => {
    port.onMessage((message) => {
      if (message.kind === 'close') close();
      else if (message.kind === 'interrupt') interrupt();
      else {
        const work = play(message).finally(() => playing.delete(work));
        playing.add(work);
      }
    });
  });
  await Promise.all(playing);
  await Promise.all(players.map((player) => player.close()));
}
