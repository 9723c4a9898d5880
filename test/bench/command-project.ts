/**
 * The project of the cold commands: 72 loaded hours of the benchmark's events. Everything is done by the
 * command that is measured, so that another revision makes its own.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spentBy } from './measure.ts';
import { EVENT_COLUMNS, eventRows, PROCESS, SELECT_LIST } from './project.ts';

const LOADED_HOURS = 72;
const ROWS_PER_LOADED_HOUR = 1000;

export interface CommandProject {
  readonly root: string;
  /** Arguments of Node for a command on this project. */
  argv(...words: readonly string[]): string[];
  /** Lands rows in an hour of their own; returns its files. */
  land(rows: number): string[];
  close(): void;
}

/** `main`: the file of the command. */
export function commandProject(main: string): CommandProject {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  fs.mkdirSync(path.join(root, 'processes'));
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), 'name: bench\ncatalog:\n  warehouse: warehouse\n');
  fs.writeFileSync(
    path.join(root, 'processes', 'event_fact_load.sql'),
    `${PROCESS}select ${SELECT_LIST}\nfrom events\n`,
  );
  const argv = (...words: readonly string[]): string[] => [main, ...words, '--project', root, '--json'];
  const sql = (text: string): unknown => spentBy(argv('sql', text));
  let [nextRow, nextHour] = [LOADED_HOURS * ROWS_PER_LOADED_HOUR, LOADED_HOURS];
  sql('create schema if not exists raw');
  sql(
    `create table raw.events (${EVENT_COLUMNS}) partitioned by (landing_hour) with ('format-version' = '2')`,
  );
  sql(eventRows({ from: 0, to: nextRow, hour: `i % ${LOADED_HOURS}` }));
  spentBy(argv('run'), '"published"');
  return {
    root,
    argv,
    land(rows) {
      sql(eventRows({ from: nextRow, to: nextRow + rows, hour: String(nextHour) }));
      const folder = path.join(root, 'warehouse', 'raw', 'events', 'data', `landing_hour=${nextHour}`);
      nextRow += rows;
      nextHour += 1;
      return fs.readdirSync(folder).map((file) => path.join(folder, file));
    },
    close: () => fs.rmSync(root, { recursive: true, force: true }),
  };
}
