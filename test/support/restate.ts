/** Restates in tests: a corrected process, hours as the command line writes them, and records that published. */
import { expect } from 'vitest';
import type { RestateOptions, RunRecord } from '../../src/index.ts';
import { hourAt, type ProcessFile, type World } from './world.ts';

/** `2023-09-14T05` for 5. */
export const hourText = (number: number): string => hourAt(number).slice(0, 13);

/** The process's file is another one now. */
export async function corrected(world: World, process: ProcessFile): Promise<void> {
  world.writeProcess(process);
  await world.reopen();
}

/** Restates one process, and expects it to publish. */
export async function restated(world: World, name: string, options: RestateOptions): Promise<RunRecord> {
  const [record] = await world.psyberg.restate(name, options);
  expect(record).toMatchObject({ status: 'published', error: null, trigger: 'restate' });
  return record as RunRecord;
}
