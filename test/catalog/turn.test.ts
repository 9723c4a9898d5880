// Goal: commits of a machine come one after the other, and nobody is kept from one by the line itself.
// Method: turns of two connections, and a process that is killed in its turn.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inSqliteTurn } from '../../src/catalog/store/sqlite-turn.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'psyberg-turn-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const MODULE = new URL('../../src/catalog/store/sqlite-turn.ts', import.meta.url).href;

describe('the line of a catalog', () => {
  it('lets one in after the other, also after one that failed', async () => {
    let inside = 0;
    const seen: number[] = [];
    const turn = (fails: boolean): Promise<void> =>
      inSqliteTurn(join(folder, 'turn'), async () => {
        inside += 1;
        seen.push(inside);
        await sleep(5);
        inside -= 1;
        if (fails) throw new Error('as asked');
      });
    const ended = await Promise.allSettled([turn(false), turn(true), turn(false), turn(false)]);
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(seen).toEqual([1, 1, 1, 1]);
  });

  it('holds others up while another process has its turn, and not when that was killed', async () => {
    const path = join(folder, 'turn');
    const program = `import { inSqliteTurn } from ${JSON.stringify(MODULE)};
      await inSqliteTurn(${JSON.stringify(path)}, () => new Promise((resolve) => {
        console.log('in'); setTimeout(resolve, 60_000);
      }));`;
    const other = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    let hadTurn = false;
    const turn = inSqliteTurn(path, async () => {
      hadTurn = true;
    });
    await sleep(100);
    expect(hadTurn).toBe(false);
    other.kill('SIGKILL');
    await turn;
    expect(hadTurn).toBe(true);
  });

  it('is waited in as long as it moves, and not behind one who has stopped', async () => {
    const path = join(folder, 'turn');
    const ended: string[] = [];
    const turn = (name: string, ms: number): Promise<void> =>
      inSqliteTurn(
        path,
        async () => {
          await sleep(ms);
          ended.push(name);
        },
        { holderMs: 400, lineMs: 60_000 },
      );
    // Together longer than anybody waits behind one of them.
    let [inside, most] = [0, 0];
    const counted = (): Promise<void> =>
      inSqliteTurn(
        path,
        async () => {
          inside += 1;
          most = Math.max(most, inside);
          await sleep(150);
          inside -= 1;
        },
        { holderMs: 400, lineMs: 60_000 },
      );
    await Promise.all(Array.from({ length: 6 }, counted));
    expect(most).toBe(1);
    await Promise.all([turn('stopped', 1_500), sleep(50).then(() => turn('other', 0))]);
    expect(ended).toEqual(['other', 'stopped']);
  });

  it('is no condition: where its file cannot be made, the work is done at once', async () => {
    expect(await inSqliteTurn(join(folder, 'missing', 'turn'), async () => 7)).toBe(7);
  });
});
